//! JSON that has one reading: bounded before it is parsed, and no object with a name twice.
//!
//! It is gone through twice. The first pass keeps nothing but the names of the objects that are open, and decides about size,
//! depth, number of values and duplicates; the second gives the typed document, which takes what it knows and skips the rest.

use alloc::collections::BTreeSet;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::error::Fault;
use crate::text::is_deceptive;

/// Everything that can be decided without knowing what the document is. `values` is how many values may still be read; it falls by
/// those of this document. Gives the first text in it that could deceive whoever sees it, if there is one.
pub(super) fn strict(bytes: &[u8], values: &mut usize) -> Result<Option<String>, Fault> {
    if let Err(error) = core::str::from_utf8(bytes) {
        return Err(Fault::NotUtf8(error.valid_up_to()));
    }
    let walk =
        Walk { left: Cell::new(*values), at_most: *values, fault: RefCell::new(None), deceptive: RefCell::new(None) };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let walked = Node { walk: &walk, depth: 0 }.deserialize(&mut json).and_then(|()| json.end());
    *values = walk.left.get();
    let Err(error) = walked else { return Ok(walk.deceptive.into_inner()) };
    Err(match walk.fault.into_inner() {
        Some(Fault::DuplicateKey(_, key)) => Fault::DuplicateKey(error.line(), key),
        Some(fault) => fault,
        None => Fault::NotJson(error.line(), error.column(), without_position(&error)),
    })
}

/// Reads a document that passed [`strict`] into its type.
pub(super) fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Wrong> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = error.path().to_string();
        let what = without_position(&error.into_inner());
        Wrong { fault: Fault::Shape(what), place: if place == "." { String::new() } else { place } }
    })
}

/// What is wrong, and in which field.
pub(super) struct Wrong {
    pub(super) fault: Fault,
    pub(super) place: String,
}

impl Wrong {
    /// A rule that a field breaks.
    pub(super) fn rule(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { fault: Fault::Rule(what.into()), place: place.into() }
    }

    /// A field that says that the document is something else.
    pub(super) fn version(place: &str, what: impl Into<String>) -> Self {
        Self { fault: Fault::Version(what.into()), place: place.to_owned() }
    }
}

/// serde_json says where at the end of its messages; we say it ourselves, or better.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

struct Walk {
    left: Cell<usize>,
    at_most: usize,
    fault: RefCell<Option<Fault>>,
    deceptive: RefCell<Option<String>>,
}

impl Walk {
    fn see(&self, text: &str) {
        if self.deceptive.borrow().is_none() && deceives(text) {
            *self.deceptive.borrow_mut() = Some(text.chars().take(MAX_SHOWN).collect());
        }
    }

    fn refuse<E: serde::de::Error>(&self, fault: Fault) -> E {
        *self.fault.borrow_mut() = Some(fault);
        E::custom("refused")
    }
}

#[derive(Clone, Copy)]
struct Node<'w> {
    walk: &'w Walk,
    depth: usize,
}

impl Node<'_> {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.walk.refuse(Fault::TooDeep(MAX_DEPTH)));
        }
        Ok(Self { walk: self.walk, depth: self.depth.saturating_add(1) })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some(left) = self.walk.left.get().checked_sub(1) else {
            return Err(self.walk.refuse(Fault::TooManyValues(self.walk.at_most)));
        };
        self.walk.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.walk.see(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while items.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                return Err(self.walk.refuse(Fault::DuplicateKey(0, name)));
            }
            self.walk.see(&name);
            names.insert(name);
            members.next_value_seed(below)?;
        }
        Ok(())
    }
}

/// Whether a text has characters that act on what shows it. Lines and tabs are what texts are made of.
pub(super) fn deceives(text: &str) -> bool {
    text.chars().any(|c| is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t'))
}

/// More of a deceptive text is not kept.
const MAX_SHOWN: usize = 100;

/// Deeper than any of the formats goes, and below where serde_json itself stops (128).
const MAX_DEPTH: usize = 100;

/// A text that is not empty.
pub(super) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("is empty")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: impl AsRef<[u8]>) -> Fault {
        strict(text.as_ref(), &mut 1000).unwrap_err()
    }

    #[test]
    fn json_is_json_to_its_last_byte() {
        strict(br#" {"a":[1,-2,3.5e3,true,null,"\u00e9"],"b":{"a":{}}} "#, &mut 11).unwrap();
        for text in [
            "",
            " ",
            "{",
            "{\"a\":",
            "[1,]",
            "{\"a\":1,}",
            "{}{}",
            "{} x",
            "'a'",
            "NaN",
            "1e999",
            "\"\\ud800\"",
            "\u{feff}{}",
            "[01]",
        ] {
            assert!(matches!(fault(text), Fault::NotJson(..)), "{text}: {:?}", fault(text));
        }
        assert_eq!(fault(b"{\"a\":\"\xff\"}"), Fault::NotUtf8(6));
    }

    #[test]
    fn a_name_stands_once_however_it_is_written() {
        for text in ["{\"a\":1,\"a\":1}", "{\"a\":1,\n\"b\":[{\"x\":{\"k\":1,\"\\u006b\":2}}]}", "{\"\":1,\"\":2}"] {
            assert!(matches!(fault(text), Fault::DuplicateKey(..)), "{text}");
        }
        assert_eq!(fault("{\"k\":1,\n\"k\":2}"), Fault::DuplicateKey(2, "k".into()));
        strict(b"[{\"a\":1},{\"a\":1}]", &mut 10).unwrap();
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        strict(nested(MAX_DEPTH).as_bytes(), &mut 1000).unwrap();
        assert_eq!(fault(nested(MAX_DEPTH + 1)), Fault::TooDeep(MAX_DEPTH));
        assert_eq!(fault("[".repeat(1_000_000)), Fault::TooDeep(MAX_DEPTH));
        assert_eq!(fault("{\"a\":".repeat(1_000_000)), Fault::TooDeep(MAX_DEPTH));
        let mut values = 4;
        strict(b"[1,2,3]", &mut values).unwrap();
        assert_eq!(values, 0);
        assert_eq!(strict(b"[1,2,3]", &mut 3), Err(Fault::TooManyValues(3)));
    }
}
