//! `inspect`: a bundle's map of bytes adds up to the file, and an envelope of another profile is opened without harm.

use std::io::{Seek as _, Write as _};
use std::path::Path;

use twinseal::bundle::Bundle;
use twinseal::byte_map::{ByteMap, compare_payload_heads};
use twinseal::foreign::Foreign;
use twinseal::suit_view::SuitView;
use twinseal::trouble::Trouble;
use twinseal_formats::Manifest;

use crate::note::note;

pub fn run(data: &[u8]) {
    let _ = SuitView::read_frame(data);
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(data).and_then(|()| file.rewind()).expect("it can be written");
    let bundle = Bundle::from_file(file, Path::new("bundle")).expect("it can be read");
    match mapped(&bundle) {
        Ok(map) => {
            let mut position = 0;
            for range in &map.ranges {
                assert!(range.start == position && range.end > range.start, "ranges follow on each other");
                position = range.end;
            }
            assert_eq!(position, data.len() as u64, "every byte is accounted for");
            note(format!("mapped, absent: {}", map.absent.len()));
        }
        Err(Trouble::Refused(error)) => {
            note(format!("{}.{}", error.stage().name(), error.name()));
            let foreign = Foreign::open(&bundle).expect("it can be read");
            note(foreign.map_or("not even foreign", |_| "foreign"));
        }
        Err(Trouble::Failed(failure)) => panic!("a file that can be read is a finding, not a failure: {failure:?}"),
    }
}

fn mapped(bundle: &Bundle) -> Result<ByteMap, Trouble> {
    let envelope = bundle.envelope()?;
    let manifest = Manifest::parse(envelope.manifest_bytes())?;
    let layout = bundle.layout(&envelope, &manifest)?;
    compare_payload_heads(bundle, &manifest, &layout)?;
    layout.ends_at(bundle.size())?;
    Ok(ByteMap::new(bundle, &envelope, &manifest, &layout)?)
}
