"""Injects sampled faults into the algorithms of a Cortex-M4 image and counts what is accepted that must not be. See README.md."""

import argparse
import json
import random
import sys
from collections import Counter

from inject import GENERAL, RAM, RAM_SIZE, REGISTERS, Image, Target
from unicorn import UC_HOOK_CODE, UcError
from unicorn import arm_const as arm

# Bundles that nothing but an algorithm refuses.
BUNDLES = ["classical half bad", "post-quantum half bad", "another manifest under the seals", "another image"]
KINDS = ["skip", "zero", "ones", "flip", "memory"]
ENDLESS = 5_000_000  # microseconds, some hundred times what an honest run takes


def part(function):
    """The algorithm that a function belongs to; none if it is part of the decision."""
    for name, marks in (
        ("ML-DSA", ("mldsa", "ml_dsa", "keccak")),
        ("Ed25519", ("ed25519",)),
        ("SHA-2", ("sha2", "digest::Hasher", "block_buffer")),
    ):
        if any(mark in function for mark in marks):
            return name
    return None


class Walk(Target):
    """The honest run of a bundle, stopped in front of each chosen instruction."""

    def profile(self):
        """For each executed instruction, the algorithm it belongs to; none for those within an IT block, whose state is not known."""
        self.parts, at, block = [], {}, [0]

        def hook(uc, pc):
            if pc not in at:
                at[pc] = part(self.image.function(pc)), self.image.it_length(pc)
            name, length = at[pc]
            self.parts.append(None if block[0] else name)
            block[0] = block[0] - 1 if block[0] else length

        self.watched(hook)
        return self.pc()

    def states(self, indices):
        """The state in front of each of these instructions, in their order."""
        indices, count = iter(indices), [0]
        target, pc = next(indices), self.image.address("boot")

        def hook(uc, at, size, _):
            if count[0] == target:
                uc.emu_stop()
            else:
                count[0] += 1

        handle = self.uc.hook_add(UC_HOOK_CODE, hook)
        self.uc.ctl_flush_tb()
        while True:
            self.uc.emu_start(pc | 1, self.accepted)
            pc = self.pc()
            yield target, pc, self.uc.reg_read_batch(REGISTERS), self.uc.mem_read(RAM, RAM_SIZE)
            following = next(indices, None)
            if following is None:
                break
            target = following
        self.uc.hook_del(handle)


def inject(target, pc, registers, ram, kind):
    """Puts the state into the machine, with a fault of this kind, and runs it to its end."""
    uc, behind = target.uc, pc
    uc.mem_write(RAM, bytes(ram))
    uc.reg_write_batch(list(zip(REGISTERS, registers)))
    if kind == "skip":
        behind = target.image.behind(pc, 1)
    elif kind == "memory":
        stack = uc.reg_read(arm.UC_ARM_REG_SP)
        address = random.randrange(stack, RAM + RAM_SIZE)
        uc.mem_write(address, bytes([ram[address - RAM] ^ 1 << random.randrange(8)]))
    else:
        register = random.randrange(13)
        value = {"zero": 0, "ones": 0xFFFFFFFF, "flip": registers[register] ^ 1 << random.randrange(32)}[kind]
        uc.reg_write(GENERAL[register], value)
    try:
        uc.emu_start(behind | 1, target.accepted, timeout=ENDLESS)
    except UcError:
        return "refused" if target.pc() == target.refused else "crashed"
    end = target.pc()
    return "accepted" if end == target.accepted else "refused" if end == target.refused else "endless"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--faults", type=int, default=1000, help="so many for each bundle (default 1000)")
    parser.add_argument("--bundles", default="", help="numbers of the bundles, comma-separated (default: those that only an algorithm refuses)")
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    image = Image(arguments.image)
    numbers = [int(n) for n in arguments.bundles.split(",")] if arguments.bundles else [image.names.index(name) for name in BUNDLES]
    figures, where = [], Counter()
    for number in numbers:
        random.seed(number)
        walk, runner = Walk(image, number), Target(image, number)
        if walk.profile() != walk.refused:
            sys.exit(f"{image.names[number]}: is not refused without a fault")
        places = [index for index, name in enumerate(walk.parts) if name]
        chosen = sorted(random.choices(places, k=arguments.faults))
        walk = Walk(image, number)
        verdicts, left = Counter(), Counter(chosen)
        for index, pc, registers, ram in walk.states(sorted(left)):
            for _ in range(left[index]):
                kind = random.choice(KINDS)
                verdict = inject(runner, pc, registers, ram, kind)
                function = image.function(pc)
                verdicts[kind, verdict] += 1
                if verdict == "accepted":
                    where[part(function), kind, function, hex(pc)] += 1
        row = {"bundle": image.names[number], "instructions": len(places), "faults": sum(verdicts.values())}
        for kind in KINDS:
            row[kind] = {verdict: count for (one, verdict), count in sorted(verdicts.items()) if one == kind}
        figures.append(row)
        print(json.dumps(row), flush=True)
    for place, count in sorted(where.items()):
        print(f"accepted: {' '.join(place)}: {count}")
    tried, accepted = sum(row["faults"] for row in figures), sum(where.values())
    print(f"faults in the algorithms: {tried} runs, {accepted} accepted")
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({"figures": figures, "accepted": [[*place, count] for place, count in sorted(where.items())]}, out)
    if tried != arguments.faults * len(numbers):
        sys.exit(1)


if __name__ == "__main__":
    main()
