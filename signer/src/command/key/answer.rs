//! `twinseal key answer`: the other side of `exec:`.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use crate::command::key_args::KeyArgs;
use crate::error::Failure;
use crate::key::{KeyUri, exec};

/// Arguments of `key answer`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal key answer 'pkcs11:object=ed25519?module-path=/usr/lib/hsm.so'

Reads one request (docs/exec-protocol.md) from standard input and writes its \
answer to standard output. A static twinseal, which can load no PKCS#11 module, \
has a dynamic one answer:
  exec:/usr/bin/twinseal?arg=key&arg=answer&arg=pkcs11:...")]
pub struct Args {
    /// The key that answers
    #[arg(value_name = "URI")]
    uri: String,

    #[command(flatten)]
    keys: KeyArgs,
}

impl Args {
    /// Answers. Exit code 0, or 2 with an answer that says why.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let mut request = Vec::new();
        let read = io::stdin().lock().take(LIMIT).read_to_end(&mut request);
        let answered = exec::answer(&request, || {
            read.map_err(|error| Failure::new("standard input can not be read").because(error))?;
            let accesses = self.keys.accesses(1)?;
            let access = accesses.first().ok_or_else(|| Failure::new("no key was given"))?;
            KeyUri::parse(&self.uri)?.open(None, access)
        });
        let (answer, code) = match answered {
            Ok(answer) => (answer, 0),
            Err(answer) => (answer, 2),
        };
        let mut stdout = io::stdout().lock();
        match stdout.write_all(&answer).and_then(|()| stdout.flush()) {
            Ok(()) => ExitCode::from(code),
            Err(_) => ExitCode::from(2),
        }
    }
}

/// The longest request that is read.
const LIMIT: u64 = 64 * 1024;
