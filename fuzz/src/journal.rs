//! Lines of a signing journal; half of them with their place in the chain put right, so that what lies behind it is reached.

use twinseal::journal::{Chain, Line};

use crate::note::{note, variant};

pub fn run(data: &[u8]) {
    let Some((mend, text)) = data.split_first() else { return };
    let Ok(text) = core::str::from_utf8(text) else { return note("not text") };
    let mut chain = Chain::default();
    for line in text.lines() {
        let mended = (mend % 2 == 1).then(|| mended(line, &chain)).flatten();
        let line = mended.as_deref().unwrap_or(line);
        let (before, head) = (chain.lines(), chain.head().to_owned());
        match chain.take(line) {
            Ok(taken) => {
                assert_eq!((taken.number, chain.lines()), (before, before + 1), "a line is taken once");
                assert_eq!(serde_json::to_string(&taken).as_deref().ok(), Some(line), "one text for one line");
                assert_eq!(taken.previous, head, "a line names the one before it");
                note(format!("taken at {}", before.min(2)));
            }
            Err(fault) => {
                assert_eq!((chain.lines(), chain.head()), (before, head.as_str()), "what is refused leaves nothing");
                return note(variant(&fault));
            }
        }
    }
}

/// The line as it would stand at the end of that chain; `None` if it is no line at all.
fn mended(line: &str, chain: &Chain) -> Option<String> {
    let mut line: Line = serde_json::from_str(line).ok()?;
    (line.number, line.previous) = (chain.lines(), chain.head().to_owned());
    serde_json::to_string(&line).ok()
}
