//! Evidence documents of every kind.

use twinseal::evidence::{Kind, Reader};

use crate::note::note;

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let kind = Kind::READ[usize::from(*kind) % Kind::READ.len()];
    let mut reader = Reader::default();
    match reader.read(kind, bytes) {
        Ok(document) => {
            assert!(!document.roles().is_empty(), "a document serves as something");
            let _ = (document.algorithms(), document.statements());
            note(format!("{kind:?} accepted"));
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "nothing of a document can act on a terminal: {shown:?}");
            note(format!("{kind:?} {}", error.fault.code()));
        }
    }
}
