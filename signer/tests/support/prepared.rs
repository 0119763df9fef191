//! What the runs that write something work on.

use crate::tool::{Place, RELEASE};

/// What the runs need, but for the journal and the release of before: another identity, a store for both, and a trust update.
pub(crate) fn prepared() -> Place {
    let place = Place::with_release("ml-dsa-44");
    place.write("words", "other words\n");
    place.permit("words", 0o600);
    place.run(&["keygen", "--out", "other", "--set", "ml-dsa-44"]).ok();
    place.trust("both.cbor", &["--release", "id", "--release", "other", "--require", "release=1"]);
    let roots = ["--root", "other", "--release", "id"];
    place.trust("roots-0.cbor", &roots);
    place.trust("roots-1.cbor", &[&roots[..], &["--epoch", "1"]].concat());
    let update = ["trust", "update", "--replaces", "roots-0.cbor", "--store", "roots-1.cbor", "--identity", "other"];
    place.run(&[&update[..], &["--out", "update"]].concat()).ok();
    place
}

/// A journal `j`, and in it a release `old` that is older than the one that is sealed next; both within a directory, whose name ends with `/`, or
/// in the place itself.
pub(crate) fn begin(place: &Place, within: &str) {
    let (journal, old) = (format!("{within}j"), format!("{within}old"));
    place.run(&["journal", "new", &journal]).ok();
    place.write("release.toml", RELEASE.replace("= 42", "= 41"));
    place.run(&["sign", "--release", "release.toml", "--identity", "id", "--journal", &journal, "--out", &old]).ok();
    place.write("release.toml", RELEASE);
}
