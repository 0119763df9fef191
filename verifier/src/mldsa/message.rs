//! What a signature is over: the message representative mu (FIPS 204, Algorithm 7, line 6), and the comparison that decides.

use super::params::Sealed;
use super::shake::Shake;
use crate::algorithm::BadSeal;

/// What is signed.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "for vectors of the standard, which knows these two")]
pub enum Input<'a> {
    /// A message with a context (FIPS 204, Algorithm 3).
    Pure {
        /// At most 255 bytes.
        context: &'a [u8],
        /// The message M.
        message: &'a [u8],
    },
    /// mu itself, computed elsewhere (FIPS 204, Algorithm 8, line 7).
    Mu(&'a [u8; 64]),
}

impl<'a> Input<'a> {
    /// What is sealed: with the empty context, always (F-20).
    pub(crate) const fn sealed(message: &'a [u8]) -> Self {
        Self::Pure { context: &[], message }
    }

    /// Absorbs mu into the sponge, of SHAKE256, with nothing in it; `tr` is asked for where it is needed.
    ///
    /// # Errors
    /// [`BadSeal`] if the context is too long.
    #[inline(never)]
    pub(super) fn absorb(&self, sponge: &mut Shake, tr: impl FnOnce() -> [u8; 64]) -> Result<(), BadSeal> {
        match *self {
            Self::Mu(mu) => sponge.absorb(mu),
            Self::Pure { context, message } => {
                let context_size = u8::try_from(context.len()).map_err(|_| BadSeal)?;
                sponge.absorb(&tr());
                sponge.absorb(&[0, context_size]);
                sponge.absorb(context);
                sponge.absorb(message);
                let mu = sixty_four_bytes(sponge);
                sponge.restart();
                sponge.absorb(&mu);
            }
        }
        Ok(())
    }
}

/// tr = H(pk, 64) (FIPS 204, Algorithm 8, line 6).
#[inline(never)]
pub(super) fn key_digest(key: &[u8]) -> [u8; 64] {
    let mut sponge = Shake::shake256();
    sponge.absorb(key);
    sixty_four_bytes(&mut sponge)
}

/// Whether c-tilde is what the sponge, with mu and w1' in it, gives (FIPS 204, Algorithm 8, lines 12 and 13).
///
/// It counts: of a c-tilde whose length a fault has made zero, all bytes are the same (ADR 31).
pub(super) fn same_challenge<P: Sealed>(sponge: &mut Shake, challenge: &[u8]) -> Result<(), BadSeal> {
    sponge.finish();
    let same = challenge.iter().filter(|byte| **byte == sponge.byte()).count();
    if same == P::CHALLENGE_SIZE { Ok(()) } else { Err(BadSeal) }
}

fn sixty_four_bytes(sponge: &mut Shake) -> [u8; 64] {
    sponge.finish();
    [(); 64].map(|()| sponge.byte())
}
