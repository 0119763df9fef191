//! The second reader: what docs/format.md says, written down once more and from the document alone. `ciborium` reads the CBOR; that it
//! was deterministic is seen by writing it again.
//!
//! It says yes or no and what was read, not why. It shares no line with `twinseal-formats`, and it may be slow.

mod cbor;
mod evidence;
mod frame;
mod manifest;
mod store;

pub(crate) use evidence::{IndexSays, evidence_index};
pub(crate) use frame::{FrameSays, frame, trust_update, trust_update_body};
pub(crate) use manifest::{ManifestSays, manifest};
pub(crate) use store::{StoreSays, trust_store};
