//! The documents of a bundle, each in a line.

use super::report::DocumentRead;
use crate::evidence::{Carried, Document, Role};
use crate::text::Shown;

/// What a report says of a document.
pub(super) fn read(file: &Carried) -> DocumentRead {
    DocumentRead {
        name: Shown(&file.name).to_string(),
        media_type: Shown(&file.media_type).to_string(),
        size: file.size,
        digest: file.digest.to_string(),
        roles: file.document.iter().flat_map(Document::roles).map(Role::name).collect(),
        summary: file.document.as_ref().map_or_else(|_| "not what it claims to be".to_owned(), summary),
        error: file.document.as_ref().err().map(ToString::to_string),
    }
}

fn summary(document: &Document) -> String {
    match document {
        Document::Bom(bom) => {
            let subject = bom.subject.as_ref().map_or("nothing", |subject| &subject.name);
            format!(
                "{} {} about {}: {} components, {} cryptographic assets, {} statements on vulnerabilities",
                bom.format,
                Shown(&bom.spec_version),
                Shown(subject),
                bom.components.len(),
                bom.crypto.len(),
                bom.vulnerabilities.len()
            )
        }
        Document::Vex(vex) => format!(
            "OpenVEX {} by {} of {}: {} statements",
            Shown(&vex.spec_version),
            Shown(&vex.author),
            vex.timestamp,
            vex.statements.len()
        ),
        Document::Csaf(csaf) => format!(
            "CSAF 2.0 {} {} ({}) by {}: \"{}\", {} vulnerabilities",
            Shown(&csaf.category),
            Shown(&csaf.id),
            Shown(&csaf.status),
            Shown(&csaf.publisher),
            Shown(&csaf.title),
            csaf.vulnerabilities.len()
        ),
        Document::Provenance(provenance) => format!(
            "SLSA provenance v1 by {}: {} subjects, {} materials, {} signatures",
            Shown(&provenance.builder),
            provenance.subjects.len(),
            provenance.materials.len(),
            provenance.signature_count()
        ),
        Document::ReleaseStatement(statement) => format!(
            "release statement: {} {}, a {} release issued {}",
            Shown(&statement.product.name),
            Shown(&statement.release.version),
            statement.release.kind.name(),
            statement.release.issued
        ),
        Document::Notes(text) => format!("text of {} lines", text.lines().count()),
        Document::Other => "not read".to_owned(),
    }
}
