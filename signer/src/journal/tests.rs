use super::*;

fn act(sequence_number: u64, release: &str, sealers: &[&str]) -> Act {
    Act::Release {
        vendor_id: "v".into(),
        class_id: "c".into(),
        sequence_number,
        version: "1.0.0".into(),
        security_version: 1,
        release_id: release.into(),
        sealed_by: sealers.iter().map(|id| Sealer { anchor_id: (*id).into(), keys: Vec::new() }).collect(),
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        Journal::create(&this.path()).unwrap();
        this
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn open(&self) -> Journal {
        Journal::open(&self.path()).unwrap()
    }

    fn refuses(&self, part: &str) {
        let failure = Journal::open(&self.path()).unwrap_err().to_string();
        assert!(failure.contains(part), "{failure:?} does not say {part:?}");
    }
}

#[test]
fn a_sequence_number_belongs_to_one_release() {
    let place = Place::new();
    let mut journal = place.open();
    assert_eq!(journal.append(&act(1, "one", &["a"])).unwrap(), Ok(Appended::New(1)));
    assert_eq!(journal.append(&act(2, "two", &["a"])).unwrap(), Ok(Appended::New(2)));
    let taken = Taken { claim: act(1, "", &[]).claim(), identity: "one".into(), line: 1 };
    assert_eq!(journal.taken(&act(1, "other", &["a"])).unwrap(), Some(taken.clone()));
    assert_eq!(journal.append(&act(1, "other", &["b"])).unwrap(), Err(taken));
    assert_eq!(place.open().chain.lines(), 3);
    assert!(journal.knows(&act(2, "two", &[])).unwrap());
    assert!(!journal.knows(&act(3, "two", &[])).unwrap());
}

fn update(replaces: &str, also: &[&str], update: &str) -> Act {
    Act::TrustUpdate {
        vendor_id: "v".into(),
        epoch: 1,
        replaces: replaces.into(),
        update_id: update.into(),
        sealed_by: Vec::new(),
        replaces_also: also.iter().map(|digest| (*digest).into()).collect(),
    }
}

#[test]
fn a_trust_store_is_replaced_by_one_update() {
    let place = Place::new();
    let mut journal = place.open();
    let digests = ["sha-256:1", "sha-512:1"];
    assert_eq!(journal.append(&update("sha-256:1", &digests, "u")).unwrap(), Ok(Appended::New(1)));
    assert_eq!(journal.append(&update("sha-256:1", &digests, "u")).unwrap(), Ok(Appended::Already(1)));
    // Under another digest algorithm it is the same store.
    for (replaces, other) in [("sha-256:1", "w"), ("sha-512:1", "w"), ("sha-512:1", "x")] {
        let taken = Taken { claim: Claim::PlaceOf("sha-256:1".into()), identity: "u".into(), line: 1 };
        assert_eq!(place.open().append(&update(replaces, &digests, other)).unwrap(), Err(taken), "{replaces} {other}");
    }
    assert_eq!(journal.append(&update("sha-256:2", &["sha-256:2", "sha-512:2"], "v")).unwrap(), Ok(Appended::New(2)));
    assert_eq!(place.open().chain.lines(), 3);
}

#[test]
fn the_same_again_adds_nothing_and_another_sealer_a_line() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&act(1, "one", &["a", "b"])).unwrap().unwrap();
    let before = place.text();
    assert_eq!(place.open().append(&act(1, "one", &["b", "a"])).unwrap(), Ok(Appended::Already(1)));
    assert_eq!(place.text(), before);
    assert_eq!(place.open().append(&act(1, "one", &["c"])).unwrap(), Ok(Appended::New(2)));
    // The first handle sees what the other added.
    assert_eq!(journal.append(&act(1, "one", &["c"])).unwrap(), Ok(Appended::Already(2)));
}

#[test]
fn every_changed_byte_and_every_missing_line_breaks_the_chain() {
    let place = Place::new();
    let mut journal = place.open();
    for number in 1..4 {
        journal.append(&act(number, "r", &["a"])).unwrap().unwrap();
    }
    drop(journal);
    let good = place.text();
    let (lines, mut tried) = (good.lines().collect::<Vec<_>>(), 0);
    // Of the last line nothing but its shape, number and predecessor can be told: hence heads that are noted elsewhere.
    let last = good.len() - lines[3].len() - 1;
    for at in 0..last {
        let mut bytes = good.clone().into_bytes();
        bytes[at] ^= 1;
        fs::write(place.path(), bytes).unwrap();
        assert!(Journal::open(&place.path()).is_err(), "byte {at}");
        tried += 1;
    }
    for missing in 0..3 {
        let rest: Vec<&str> = (0..4).filter(|at| *at != missing).map(|at| lines[at]).collect();
        fs::write(place.path(), rest.join("\n") + "\n").unwrap();
        assert!(Journal::open(&place.path()).is_err(), "line {missing}");
    }
    for (one, other) in [(0, 1), (1, 2), (2, 3)] {
        let mut swapped = lines.clone();
        swapped.swap(one, other);
        fs::write(place.path(), swapped.join("\n") + "\n").unwrap();
        assert!(Journal::open(&place.path()).is_err(), "lines {one} and {other}");
    }
    println!("{tried} changed bytes of a journal found");
    assert!(tried > 800);
}

#[test]
fn half_a_line_is_no_line_and_goes_with_the_next_one() {
    let place = Place::new();
    place.open().append(&act(1, "one", &["a"])).unwrap().unwrap();
    let good = place.text();
    let mut journal = place.open();
    journal.append(&act(2, "two", &["a"])).unwrap().unwrap();
    let whole = place.text();
    let tail = &whole[good.len()..whole.len() - 1];
    for cut in 1..=tail.len() {
        fs::write(place.path(), format!("{good}{}", &tail[..cut])).unwrap();
        let mut journal = place.open();
        assert_eq!(journal.chain.lines(), 2, "{cut}");
        assert_eq!(journal.append(&act(2, "other", &["a"])).unwrap(), Ok(Appended::New(2)), "{cut}");
        assert_eq!(place.open().chain.lines(), 3);
    }
}

#[test]
fn what_is_no_journal_is_not_written_to() {
    let place = Place::new();
    let good = place.text();
    for (contents, part) in [
        ("", "no line"),
        ("{}\n", "line 0 is no line"),
        ("hello\n", "line 0 is no line"),
        ("\n", "line 0 is no line"),
        (&good.replace("journal/1", "journal/2"), "does not begin"),
        (&good.replace("\"number\":0", "\"number\":1"), "has the number 1"),
        (&good.replace("\"number\":0", "\"number\": 0"), "not written as"),
        (&good.replace("\"entry\"", "\"more\":1,\"entry\""), "unknown field"),
        (&format!("{good}{}", good.replace("\"number\":0", "\"number\":1")), "does not follow"),
    ] {
        fs::write(place.path(), contents).unwrap();
        place.refuses(part);
        assert_eq!(place.text(), contents);
    }
    let missing = Journal::open(&place.0.path().join("none")).unwrap_err();
    assert!(missing.advice().unwrap().contains("journal new"));
    assert!(!place.0.path().join("none").exists());
    assert!(Journal::open(place.0.path()).is_err());
    assert!(Journal::create(&place.path()).unwrap_err().to_string().contains("already exists"));
}

#[test]
fn a_journal_that_everybody_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o666)).unwrap();
    place.refuses("everybody may change it");
}

#[test]
fn a_journal_that_was_exchanged_or_cut_meanwhile_is_noticed() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&act(1, "one", &["a"])).unwrap().unwrap();
    let text = place.text();
    let first = text.split_inclusive('\n').next().unwrap();
    fs::write(place.path(), first).unwrap();
    assert!(journal.append(&act(2, "two", &["a"])).unwrap_err().to_string().contains("became shorter"));
    fs::remove_file(place.path()).unwrap();
    fs::write(place.path(), &text).unwrap();
    assert!(journal.append(&act(2, "two", &["a"])).unwrap_err().to_string().contains("was exchanged"));
}

#[test]
fn two_releases_of_one_number_are_found_even_in_a_whole_chain() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&act(1, "one", &["a"])).unwrap().unwrap();
    // As a tool would write it that does not ask.
    let line = Line::new(2, journal.chain.head(), Entry::from(act(1, "other", &["a"]))).unwrap();
    journal.write(&line).unwrap();
    place.refuses("lines 1 and 2 name two that have sequence number 1");
}
