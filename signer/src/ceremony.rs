//! Sealing away from the build server: a request goes out, answers come back, and only what was asked for is put together.
//!
//! Nothing in a [`Request`] is believed but two things: the full contents (a manifest, or a trust update's body) and the trust store in use.
//! Everything else in it is for people, and for signers that know nothing of Twinseal; whoever reads a request with this code computes
//! it again and refuses what differs (design decision D10).

mod answer;
mod object;
mod request;

pub(crate) use answer::holds;
pub use answer::{Answer, Missing, Problem, Tally, tally};
pub use object::{Object, Summary};
pub use request::{Request, RequestFault, SignerKey, Signers};
