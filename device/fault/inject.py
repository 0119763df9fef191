"""Injects faults into the decision of a Cortex-M4 image and counts what is accepted that must not be. See README.md."""

import argparse
import json
import random
import sys
from bisect import bisect_right
from collections import Counter

from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, UC_PROT_EXEC, UC_PROT_READ, Uc, UcError
from unicorn import arm_const as arm

FLASH, FLASH_SIZE = 0x10000, 512 * 1024
RAM, RAM_SIZE = 0x20000000, 32 * 1024
GENERAL = [getattr(arm, f"UC_ARM_REG_R{number}") for number in range(13)]
REGISTERS = GENERAL + [arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR, arm.UC_ARM_REG_CPSR]
NOP, WIDE_NOP = bytes.fromhex("00bf"), bytes.fromhex("aff30080")


class Image:
    def __init__(self, path):
        elf = ELFFile(open(path, "rb"))
        self.segments = [(s["p_paddr"], s.data()) for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]]
        self.flash = bytearray(FLASH_SIZE)
        for address, data in self.segments:
            self.flash[address - FLASH : address - FLASH + len(data)] = data
        symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
        self.at = {s.name: s["st_value"] for s in symbols if s.name}
        functions = sorted((s["st_value"] & ~1, s["st_size"], s.name) for s in symbols if s["st_info"]["type"] == "STT_FUNC")
        self.starts, self.functions = [f[0] for f in functions], functions
        names = next(s for s in symbols if s.name == "NAMES")
        start = names["st_value"] - FLASH
        self.names = self.flash[start : start + names["st_size"]].decode().split("\n")[:-1]
        self.code = elf.get_section_by_name(".text")["sh_size"]

    def address(self, name):
        return self.at[name] & ~1

    def function(self, pc):
        """The demangled-enough name of the function that holds an address."""
        found = self.functions[bisect_right(self.starts, pc) - 1]
        return plain(found[2]) if pc < found[0] + max(found[1], 1) else "?"

    def halfword(self, pc):
        return int.from_bytes(self.flash[pc - FLASH : pc - FLASH + 2], "little")

    def length(self, pc):
        """The length of the Thumb instruction at an address."""
        return 4 if self.halfword(pc) >> 11 in (0b11101, 0b11110, 0b11111) else 2

    def it_length(self, pc):
        """How many instructions an IT instruction at an address makes conditional; 0 if there is none."""
        half = self.halfword(pc)
        mask = half & 0xF
        return 4 - (mask & -mask).bit_length() + 1 if half & 0xFF00 == 0xBF00 and mask else 0

    def calls(self, pc):
        """Whether an instruction is a call (BL, or BLX to a register)."""
        half = self.halfword(pc)
        return half & 0xFF87 == 0x4780 or half >> 11 == 0b11110 and self.halfword(pc + 2) & 0xD000 == 0xD000

    def behind(self, pc, count):
        for _ in range(count):
            pc += self.length(pc)
        return pc


def plain(name):
    """A mangled name without its hashes."""
    parts, rest = [], name
    if "17h" in rest and rest.startswith("_ZN"):
        rest = rest[3:]
        while rest and rest[0].isdigit():
            digits = len(rest) - len(rest.lstrip("0123456789"))
            size = int(rest[:digits])
            parts.append(rest[digits : digits + size])
            rest = rest[digits + size :]
        name = "::".join(parts[:-1])
    for old, new in (("$LT$", "<"), ("$GT$", ">"), ("$u20$", " "), ("$RF$", "&"), ("..", "::"), ("$C$", ","), ("$u7b$", "{"), ("$u7d$", "}")):
        name = name.replace(old, new)
    return name


class Target:
    """One bundle in front of one image: the instructions of its honest run, each with the state in front of it."""

    def __init__(self, image, number):
        self.image, self.number = image, number
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        # Flash is not written by storing to it; what a fault does must not outlive its run.
        self.uc.mem_map(FLASH, FLASH_SIZE, UC_PROT_READ | UC_PROT_EXEC)
        self.uc.mem_map(RAM, RAM_SIZE)
        self.uc.mem_write(FLASH, bytes(image.flash))
        self.accepted, self.refused = image.address("accepted"), image.address("refused")
        self.uc.reg_write(arm.UC_ARM_REG_SP, RAM + RAM_SIZE)
        self.uc.reg_write(arm.UC_ARM_REG_R0, number)
        self.run(image.address("start"), image.address("boot"), 0)
        assert self.pc() == image.address("boot"), hex(self.pc())

    def pc(self):
        """Where the processor stands; at the breakpoint of a refusal it may stand behind it."""
        pc = self.uc.reg_read(arm.UC_ARM_REG_PC)
        return self.refused if self.refused <= pc < self.refused + 10 else pc

    def run(self, start, until, limit):
        try:
            self.uc.emu_start(start | 1, until, count=limit)
        except UcError:
            return False
        return True

    def watched(self, hook):
        """Runs to the end with this hook in front of every instruction."""
        returns, conditional = [None], [0]

        def each(uc, pc, size, _):
            # What a call returns to is never the next instruction: else code ran that was not watched.
            assert pc != returns[0] or pc == self.refused, f"a call in front of {pc:#x} was not watched"
            certain = not conditional[0] and self.image.calls(pc)
            returns[0] = self.image.behind(pc, 1) if certain else None
            conditional[0] = conditional[0] - 1 if conditional[0] else self.image.it_length(pc)
            hook(uc, pc)

        handle = self.uc.hook_add(UC_HOOK_CODE, each)
        # What was translated before there was a hook would run without it.
        self.uc.ctl_flush_tb()
        self.run(self.image.address("boot"), self.accepted, 0)
        self.uc.hook_del(handle)
        self.uc.ctl_flush_tb()

    def trace(self, wanted):
        """Runs without a fault. Keeps the state in front of each instruction of a wanted function, and of the IT instruction of each IT block."""
        lowest = [RAM + RAM_SIZE]
        self.steps, self.total = [], 0
        entry_ram = bytes(self.uc.mem_read(RAM, RAM_SIZE))
        entry = self.uc.reg_read_batch(REGISTERS)
        chosen = {}

        def first(uc, pc):
            self.total += 1
            lowest[0] = min(lowest[0], uc.reg_read(arm.UC_ARM_REG_SP))

        self.watched(first)
        self.ends = self.pc()
        self.low = lowest[0] - 1024 & ~0xFF
        self.uc.mem_write(RAM, entry_ram)
        self.uc.reg_write_batch(list(zip(REGISTERS, entry)))
        block = [0, None]

        def second(uc, pc):
            if pc not in chosen:
                chosen[pc] = wanted(self.image.function(pc))
            if block[0]:
                block[0] -= 1
                if chosen[pc]:
                    self.steps.append((pc, block[1]))
                return
            if not chosen[pc] or pc in (self.accepted, self.refused):
                return
            state = (pc, uc.reg_read_batch(REGISTERS), bytes(uc.mem_read(self.low, RAM + RAM_SIZE - self.low)))
            self.steps.append((pc, state))
            if length := self.image.it_length(pc):
                block[0], block[1] = length, state

        self.watched(second)
        self.limit = 3 * self.total + 20000

    def restore(self, state):
        self.uc.mem_write(self.low, state[2])
        self.uc.reg_write_batch(list(zip(REGISTERS, state[1])))

    def verdict(self, start):
        finished = self.run(start, self.accepted, self.limit)
        pc = self.pc()
        if finished and pc == self.accepted:
            return "accepted"
        if pc == self.refused:
            return "refused"
        return "endless" if finished else "crashed"

    def skip(self, step, count):
        """Leaves out so many instructions, beginning with the one of this step."""
        pc, state = step
        self.restore(state)
        behind = self.image.behind(pc, count)
        if pc == state[0]:
            return self.verdict(behind)
        # Within an IT block: its instructions become ones that do nothing, until the block is over.
        block_end = self.image.behind(state[0], self.image.it_length(state[0]) + 1)
        patched, at = b"", pc
        while at < behind:
            length = self.image.length(at)
            patched += NOP if length == 2 else WIDE_NOP
            at += length
        stop = max(behind, block_end)
        self.patch(pc, patched)
        reached = self.run(state[0], stop, self.limit) and self.pc() == stop
        ended = self.pc()
        self.patch(pc, bytes(self.image.flash[pc - FLASH : pc - FLASH + len(patched)]))
        if ended in (self.accepted, self.refused) or not reached:
            return "accepted" if ended == self.accepted else "refused" if ended == self.refused else "crashed"
        return self.verdict(stop)

    def patch(self, address, data):
        self.uc.mem_write(address, data)
        self.uc.ctl_remove_cache(address & ~0xFFF, (address + len(data) + 0xFFF) & ~0xFFF)

    def change(self, step, register, change):
        """Changes a register in front of the instruction of this step."""
        pc, state = step
        if pc != state[0]:
            return None  # Within an IT block the state is not known.
        self.restore(state)
        value = state[1][register]
        self.uc.reg_write(REGISTERS[register], change(value) & 0xFFFFFFFF)
        return self.verdict(pc)


def is_primitive(function):
    """What stands for the algorithms, or is one."""
    return "stand_in" in function or "sha2::" in function or "checksum" in function


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--runs", type=int, default=1, help="skip runs of up to so many instructions (default 1)")
    parser.add_argument("--every", type=int, default=1, help="of the steps, try one in so many")
    parser.add_argument("--registers", choices=["none", "sampled", "all"], default="none")
    parser.add_argument("--bundles", default="", help="numbers of the bundles, comma-separated (default: all)")
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    image = Image(arguments.image)
    numbers = [int(n) for n in arguments.bundles.split(",")] if arguments.bundles else range(len(image.names))
    random.seed(0x7477696E)
    figures, where = [], Counter()
    for number in numbers:
        target = Target(image, number)
        target.trace(lambda function: not is_primitive(function))
        expected = target.accepted if number == 0 else target.refused
        if target.ends != expected:
            sys.exit(f"{image.names[number]}: the run without a fault ends at {target.ends:#x}")
        if number == 0:
            print(f"{image.names[0]}: {target.total} instructions, {len(target.steps)} in the decision; flash {image.code} B")
            figures.append({"bundle": image.names[0], "instructions": target.total, "decision": len(target.steps), "flash": image.code})
            continue
        row = {"bundle": image.names[number], "decision": len(target.steps)}
        for count in range(1, arguments.runs + 1):
            verdicts = Counter()
            for step in target.steps[:: arguments.every]:
                verdict = target.skip(step, count)
                verdicts[verdict] += 1
                if verdict == "accepted":
                    where[f"skip {count}", image.function(step[0]), hex(step[0])] += 1
            row[f"skip {count}"] = dict(verdicts)
        if arguments.registers != "none":
            verdicts = Counter()
            for step in target.steps[:: arguments.every]:
                for register in range(13):
                    changes = [("zero", lambda _: 0), ("ones", lambda _: 0xFFFFFFFF)]
                    bits = range(32) if arguments.registers == "all" else [random.randrange(32)]
                    changes += [("flip", lambda value, bit=bit: value ^ 1 << bit) for bit in bits]
                    for name, change in changes:
                        verdict = target.change(step, register, change)
                        if verdict is None:
                            continue
                        verdicts[verdict] += 1
                        if verdict == "accepted":
                            where[name, image.function(step[0]), f"{step[0]:#x} r{register}"] += 1
            row["registers"] = dict(verdicts)
        figures.append(row)
        print(json.dumps(row), flush=True)
    for (kind, function, place), count in sorted(where.items()):
        print(f"accepted: {kind} in {function} at {place}: {count}")
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({"figures": figures, "accepted": [[*key, count] for key, count in sorted(where.items())]}, out)
    # One instruction left out must never let a bundle pass; what longer runs and registers do is counted.
    singles = sum(count for (kind, _, _), count in where.items() if kind == "skip 1")
    tried = sum(sum(row.get("skip 1", {}).values()) for row in figures)
    print(f"one instruction left out: {tried} runs, {singles} accepted")
    if singles or not tried:
        sys.exit(1)


if __name__ == "__main__":
    main()
