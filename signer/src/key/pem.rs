//! PEM (RFC 7468, the strict grammar), with nothing outside of the blocks.

use pem_rfc7468::{Decoder, LineEnding};
use zeroize::Zeroizing;

use super::KeyFault;

/// Splits a file into its PEM blocks, each with its boundaries. There is at least one.
pub(super) fn blocks(file: &[u8]) -> Result<Vec<&[u8]>, KeyFault> {
    let mut blocks = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        if !rest.starts_with(BEGIN) {
            // A file that is no PEM at all is told so; one that has a block somewhere has something besides it.
            let fault = if find(rest, BEGIN).is_some() || !blocks.is_empty() {
                KeyFault::TextOutsideBlocks
            } else {
                KeyFault::Pem(pem_rfc7468::Error::PreEncapsulationBoundary)
            };
            return Err(fault);
        }
        let end = find(rest, END).ok_or(pem_rfc7468::Error::PostEncapsulationBoundary)?;
        let last_line = rest.get(end..).unwrap_or_default();
        let line = last_line.iter().position(|byte| *byte == b'\n').map_or(last_line.len(), |at| at.saturating_add(1));
        let (block, after) =
            rest.split_at_checked(end.saturating_add(line)).ok_or(pem_rfc7468::Error::PostEncapsulationBoundary)?;
        blocks.push(block);
        rest = after;
    }
    if blocks.is_empty() { Err(pem_rfc7468::Error::PreEncapsulationBoundary.into()) } else { Ok(blocks) }
}

/// The only block of a file.
pub(super) fn only_block(file: &[u8]) -> Result<&[u8], KeyFault> {
    match blocks(file)?.as_slice() {
        [block] => Ok(block),
        _ => Err(KeyFault::SeveralBlocks),
    }
}

/// Decodes one block that has the label. The Base64 is decoded in constant time and wiped after use.
pub(super) fn decode(block: &[u8], label: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    // Lines of any one width: RFC 7468 has 64, and the examples of RFC 9881 are wider. Where the first line ends is no secret.
    let mut decoder = Decoder::new_detect_wrap(block)?;
    if decoder.type_label() != label {
        return Err(KeyFault::Label { expected: label, found: decoder.type_label().to_owned() });
    }
    // At its full size from the start, so that growing leaves no copy behind.
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der)?;
    if decoder.is_finished() { Ok(der) } else { Err(pem_rfc7468::Error::Length.into()) }
}

/// Writes one block.
pub(super) fn encode(der: &[u8], label: &'static str) -> Result<Zeroizing<String>, KeyFault> {
    Ok(Zeroizing::new(pem_rfc7468::encode_string(label, LineEnding::LF, der)?))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

#[cfg(test)]
mod tests {
    use super::*;

    fn block(content: &[u8]) -> String {
        encode(content, "PUBLIC KEY").unwrap().to_string()
    }

    #[test]
    fn a_block_survives_the_round_trip() {
        for length in [1, 47, 48, 49, 2000] {
            let content = vec![0xa5; length];
            let text = block(&content);
            let found = decode(only_block(text.as_bytes()).unwrap(), "PUBLIC KEY").unwrap();
            assert_eq!(*found, content);
        }
    }

    #[test]
    fn blocks_are_split_where_they_end() {
        let (a, b) = (block(&[1; 100]), block(&[2; 40]));
        let both = format!("{a}{b}");
        assert_eq!(blocks(both.as_bytes()).unwrap(), [a.as_bytes(), b.as_bytes()]);
        assert_eq!(only_block(both.as_bytes()), Err(KeyFault::SeveralBlocks));
    }

    #[test]
    fn text_outside_of_blocks_is_refused() {
        let text = block(&[1; 100]);
        for faulty in [format!("note\n{text}"), format!("{text}x"), format!("{text}\n"), format!("{text}note\n{text}")]
        {
            assert_eq!(blocks(faulty.as_bytes()), Err(KeyFault::TextOutsideBlocks), "{faulty}");
        }
        let unended = text.split("-----END").next().unwrap();
        assert!(matches!(blocks(unended.as_bytes()), Err(KeyFault::Pem(_))));
        assert!(matches!(blocks(b""), Err(KeyFault::Pem(_))));
        assert!(matches!(blocks(b"\x30\x2a"), Err(KeyFault::Pem(_))));
    }

    #[test]
    fn text_on_the_lines_of_a_block_is_refused() {
        let text = block(&[1; 100]);
        for faulty in [
            text.replacen("KEY-----\n", "KEY-----x\n", 1),
            format!("{}x\n", text.trim_end()),
            text.replacen("\n", "\nNote: x\n\n", 1),
        ] {
            let outcome = only_block(faulty.as_bytes()).and_then(|block| decode(block, "PUBLIC KEY"));
            assert!(matches!(outcome, Err(KeyFault::Pem(_))), "{faulty}");
        }
    }

    #[test]
    fn another_label_is_refused() {
        let text = block(&[1; 10]);
        let fault = decode(text.as_bytes(), "PRIVATE KEY").unwrap_err();
        assert_eq!(fault, KeyFault::Label { expected: "PRIVATE KEY", found: "PUBLIC KEY".into() });
    }
}
