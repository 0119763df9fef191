//! Twinseal.
