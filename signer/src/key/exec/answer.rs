//! The other side of the protocol: what a helper does. `twinseal key answer` is one.

use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};

use super::PROTOCOL;
use crate::error::{Failure, Result};
use crate::key::Signer;

/// Answers one request with a key. The answer is a JSON object, also where it says that it can not.
///
/// # Errors
///
/// Nothing that can be answered was asked, or the key can't sign. The text says so as the protocol has it.
pub fn answer(
    request: &[u8],
    open: impl FnOnce() -> Result<Box<dyn Signer>>,
) -> core::result::Result<Vec<u8>, Vec<u8>> {
    let told = |told: &Told<'_>| serde_json::to_vec(told).unwrap_or_default();
    match respond(request, open) {
        Ok(answer) => Ok(told(&answer)),
        Err(failure) => Err(told(&Told { error: Some(failure.to_string()), ..Told::default() })),
    }
}

fn respond(request: &[u8], open: impl FnOnce() -> Result<Box<dyn Signer>>) -> Result<Told<'static>> {
    let asked: Asked = serde_json::from_slice(request)
        .map_err(|error| Failure::new("the request is not understood").because(error))?;
    if asked.protocol != PROTOCOL {
        return Err(Failure::new(format!("this helper speaks {PROTOCOL}")));
    }
    let bytes = |text: &str| Base64::decode_vec(text).map_err(|_| Failure::new("the request has no right Base64"));
    let key = open()?;
    let spki = Base64::encode_string(&key.verifying_key().to_spki_der()?);
    if asked.verifying_key.as_ref().is_some_and(|asked| *asked != spki) {
        return Err(Failure::new("the key here is another than the one asked for"));
    }
    match (asked.operation.as_str(), asked.message, asked.mu) {
        ("verifying-key", None, None) => Ok(Told { verifying_key: Some(spki), ..Told::default() }),
        ("sign", Some(message), mu) => {
            let message = bytes(&message)?;
            let expected = key.verifying_key().mu(&message);
            if mu.is_some_and(|mu| expected.map(|mu| Base64::encode_string(&mu)) != Some(mu)) {
                return Err(Failure::new("mu is not that of the message"));
            }
            Ok(Told { signature: Some(Base64::encode_string(&key.sign(&message)?)), ..Told::default() })
        }
        ("sign", None, Some(mu)) => {
            let mu = bytes(&mu)?.try_into().map_err(|_| Failure::new("mu has 64 bytes"))?;
            Ok(Told { signature: Some(Base64::encode_string(&key.sign_mu(&mu)?)), ..Told::default() })
        }
        _ => Err(Failure::new("the request asks for nothing that can be answered")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Asked {
    protocol: String,
    operation: String,
    #[serde(rename = "algorithm")]
    _algorithm: Option<String>,
    verifying_key: Option<String>,
    message: Option<String>,
    mu: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'a> {
    protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifying_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Default for Told<'_> {
    fn default() -> Self {
        Self { protocol: PROTOCOL, verifying_key: None, signature: None, error: None }
    }
}
