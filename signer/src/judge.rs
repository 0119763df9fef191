//! Deciding about a bundle as a given device would: with the device's own code, and then on to the end of the file.

use std::path::Path;

use twinseal_formats::{Manifest, SecurityVersion};
use twinseal_verifier::{AdmittedManifest, Boot, Device, Install, Procedure, Verifier};

use crate::bundle::{Bundle, Layout};
use crate::progress::Progress;
use crate::source::{PIECE, PayloadDirectory};
use crate::trouble::Examined;

/// Why the device looks at the bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Purpose {
    /// To install it.
    #[default]
    Install,
    /// To boot it.
    Boot,
}

/// Decides: seals, device, images, and on a host the evidence and the end of the file too.
///
/// `payloads` is the directory of a detached release's payload files.
///
/// # Errors
///
/// Refused, with the device's own error, or with one of what only hosts read. Failed: something could not be read.
pub fn judge<'b>(
    bundle: &'b Bundle,
    verifier: &Verifier<'_>,
    device: &Device<'_>,
    purpose: Purpose,
    payloads: &Path,
) -> Examined<(Manifest<'b>, Layout)> {
    match purpose {
        Purpose::Install => decide::<Install>(bundle, verifier, device, payloads),
        Purpose::Boot => decide::<Boot>(bundle, verifier, device, payloads),
    }
}

/// Decides as a device would that the release is for: of its vendor, class and components, and without a history.
///
/// `claimed` is what the manifest says before it is authentic, and is taken for nothing but what such a device would know of itself.
///
/// # Errors
///
/// As [`judge`].
pub fn judge_as_its_device<'b>(
    bundle: &'b Bundle,
    claimed: &Manifest<'_>,
    verifier: &Verifier<'_>,
    payloads: &Path,
) -> Examined<(Manifest<'b>, Layout)> {
    let components: Vec<&str> = claimed.components().map(|component| component.id()).collect();
    let device = Device {
        vendor: claimed.vendor(),
        class: claimed.class(),
        components: &components,
        confirmed: None,
        counter: SecurityVersion(0),
        counter_limit: SecurityVersion(u32::MAX),
    };
    judge(bundle, verifier, &device, Purpose::Install, payloads)
}

fn decide<'b, P: Procedure>(
    bundle: &'b Bundle,
    verifier: &Verifier<'_>,
    device: &Device<'_>,
    payloads: &Path,
) -> Examined<(Manifest<'b>, Layout)> {
    let envelope = bundle.envelope()?;
    let admitted = verifier.authenticate(&envelope)?.admit::<P>(device)?;
    let manifest = *admitted.manifest();
    let enclosed = bundle.payloads_enclosed(&envelope, &manifest)?;
    verify_images(admitted, bundle, enclosed, payloads)?;
    let layout = bundle.layout(&envelope, &manifest)?;
    layout.ends_at(bundle.size())?;
    Ok((manifest, layout))
}

/// Verifies the images where they lie.
fn verify_images<P: Procedure>(
    admitted: AdmittedManifest<'_, P>,
    bundle: &Bundle,
    enclosed: bool,
    payloads: &Path,
) -> Examined<()> {
    let manifest = *admitted.manifest();
    let total = manifest.components().fold(0_u64, |total, component| total.saturating_add(component.size()));
    let progress = Progress::new("verifying", total);
    let mut scratch = vec![0; PIECE];
    if enclosed {
        let verified = admitted.verify_enclosed(bundle.source(progress)?, &mut scratch);
        return match verified {
            Ok(_) => Ok(()),
            Err(refused) => {
                let error = refused.error();
                Err(refused.into_storage().explain(error))
            }
        };
    }
    let storage = PayloadDirectory::open(payloads, manifest.component_count(), &progress)?;
    match admitted.verify_images(storage, &mut scratch) {
        Ok(_) => Ok(()),
        Err(refused) => {
            let error = refused.error();
            Err(refused.into_storage().explain(error))
        }
    }
}
