//! Keys behind a program: docs/exec-protocol.md. One process for one request; a JSON object in, a JSON object out.

use core::fmt;
use core::time::Duration;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};
use twinseal_formats::SealAlgorithm;

use super::signer::no_mu;
use super::uri::{decoded, unusable};
use super::{Mu, Signer, VerifyingKey};
use crate::error::{Failure, Result, name};
use crate::input::unreadable;

mod answer;
mod process;

pub use answer::answer;

/// A program and what it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecUri {
    program: PathBuf,
    arguments: Vec<String>,
    timeout: Duration,
    text: String,
}

impl ExecUri {
    pub(super) fn parse(text: &str, rest: &str) -> Result<Self> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let word = |value: &str| String::from_utf8(decoded(value)?).map_err(|_| unusable("a value is not UTF-8"));
        let mut uri =
            Self { program: word(path)?.into(), arguments: Vec::new(), timeout: TIMEOUT, text: text.to_owned() };
        if !uri.program.is_absolute() {
            return Err(unusable("the path of the program is not absolute"));
        }
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            let (key, value) = attribute.split_once('=').ok_or_else(|| unusable("an attribute has no value"))?;
            match key {
                "arg" => uri.arguments.push(word(value)?),
                "timeout" => {
                    let seconds = value.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
                    let seconds = seconds.ok_or_else(|| unusable("timeout is no number of seconds from 1 to 3600"))?;
                    uri.timeout = Duration::from_secs(seconds);
                }
                _ => return Err(unusable(&format!("`{}` is not understood", key.escape_debug()))),
            }
        }
        Ok(uri)
    }

    /// Asks the program one thing.
    fn ask<A: for<'de> Deserialize<'de>>(&self, request: &Request<'_>) -> Result<A> {
        self.refuse_exchangeable()?;
        let request = serde_json::to_vec(request).map_err(|error| self.failed("can not be asked").because(error))?;
        let said = process::run(&self.program, &self.arguments, &request, self.timeout)
            .map_err(|error| self.failed("could not be run").because(error))?;
        // An error that it tells comes first: it knows best what went wrong.
        if let Ok(Told { protocol, error }) = serde_json::from_slice::<Told>(&said.answer)
            && protocol == PROTOCOL
        {
            return Err(self.failed("says that it can not").because(shown(&error)));
        }
        if !said.success {
            let why = said.complaint.lines().last().map_or_else(|| said.ending.clone(), shown);
            return Err(self.failed(&format!("failed ({})", said.ending)).because(why));
        }
        let answer: Answer<A> = serde_json::from_slice(&said.answer).map_err(|error| {
            self.failed("gave an answer that is not one")
                .because(error)
                .remedy("docs/exec-protocol.md says what it must answer")
        })?;
        if answer.protocol != PROTOCOL {
            return Err(self.failed(&format!("speaks another protocol than {PROTOCOL}")));
        }
        Ok(answer.content)
    }

    /// Refuses a program that others than the user and root can exchange: it could have anything signed.
    fn refuse_exchangeable(&self) -> Result<()> {
        let metadata = fs::metadata(&self.program).map_err(|error| unreadable(&self.program, error))?;
        let user = rustix::process::geteuid().as_raw();
        if metadata.mode() & 0o022 != 0 || (metadata.uid() != 0 && metadata.uid() != user) {
            return Err(Failure::new(format!("{}: others may exchange this program", name(&self.program)))
                .remedy(format!("`chmod go-w {}`, and let it belong to root or to you", name(&self.program))));
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> Failure {
        Failure::new(format!("{}: {what}", name(&self.program)))
    }
}

impl fmt::Display for ExecUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A key behind a program.
#[derive(Debug)]
pub(super) struct ExecKey {
    uri: ExecUri,
    verifying: VerifyingKey,
}

impl ExecKey {
    /// Takes the verifying key that is expected, or asks for it.
    pub(super) fn open(uri: &ExecUri, expected: Option<&VerifyingKey>) -> Result<Self> {
        let verifying = match expected {
            Some(expected) => expected.clone(),
            None => {
                let request = Request { operation: "verifying-key", ..Request::default() };
                let told: ToldKey = uri.ask(&request)?;
                let der = Base64::decode_vec(&told.verifying_key).map_err(|_| uri.failed("gave no Base64"))?;
                VerifyingKey::from_spki_der(&der)
                    .map_err(|fault| uri.failed("gave no usable verifying key").because(fault))?
            }
        };
        // Fails now, not in the middle of a release, if the program is not there.
        uri.refuse_exchangeable()?;
        Ok(Self { uri: uri.clone(), verifying })
    }

    fn signed(&self, message: Option<&[u8]>, mu: Option<&Mu>) -> Result<Vec<u8>> {
        let spki = self.verifying.to_spki_der()?;
        let request = Request {
            operation: "sign",
            algorithm: Some(self.verifying.algorithm().name()),
            verifying_key: Some(Base64::encode_string(&spki)),
            message: message.map(Base64::encode_string),
            mu: mu.map(|mu| Base64::encode_string(mu)),
            ..Request::default()
        };
        let told: ToldSignature = self.uri.ask(&request)?;
        let signature = Base64::decode_vec(&told.signature).map_err(|_| self.uri.failed("gave no Base64"))?;
        let size = self.verifying.algorithm().signature_size();
        if signature.len() != size {
            let what = format!("gave a signature of {} bytes where {size} are right", signature.len());
            return Err(self.uri.failed(&what));
        }
        Ok(signature)
    }
}

impl Signer for ExecKey {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self.signed(Some(message), self.verifying.mu(message).as_ref())?;
        self.verifying.verify(message, &signature).map_err(|_| {
            self.uri
                .failed(&format!("gave a signature that is not one of its {} key", self.verifying.algorithm().name()))
                .remedy("it signed something else, or with another key; see its configuration")
        })?;
        Ok(signature)
    }

    fn sign_mu(&self, mu: &Mu) -> Result<Vec<u8>> {
        if self.verifying.algorithm() == SealAlgorithm::Ed25519 {
            return Err(no_mu(self.verifying.algorithm()));
        }
        self.signed(None, Some(mu))
    }
}

/// A line of a program's for people: bounded, and without control characters.
fn shown(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Request<'a> {
    protocol: &'a str,
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifying_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mu: Option<String>,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self { protocol: PROTOCOL, operation: "", algorithm: None, verifying_key: None, message: None, mu: None }
    }
}

#[derive(Deserialize)]
struct Answer<A> {
    protocol: String,
    #[serde(flatten)]
    content: A,
}

#[derive(Deserialize)]
struct Told {
    protocol: String,
    error: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ToldKey {
    verifying_key: String,
}

#[derive(Deserialize)]
struct ToldSignature {
    signature: String,
}

const PROTOCOL: &str = "twinseal.exec/1";
const TIMEOUT: Duration = Duration::from_secs(60);
