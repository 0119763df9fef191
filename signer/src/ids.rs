//! Vendor ids and class ids from the names that people use, as SUIT derives them (docs/format.md, section 4).

use twinseal_formats::{ClassId, VendorId};
use uuid::Uuid;

use crate::error::{Failure, Result};

/// The vendor id of a vendor's domain: `UUIDv5(DNS namespace, domain)`.
///
/// # Errors
///
/// The domain is not a lower-case DNS name of at least two labels. The same domain in another spelling would give another id.
pub fn vendor_id(domain: &str) -> Result<VendorId> {
    if let Some(fault) = domain_fault(domain) {
        return Err(Failure::new(format!("vendor `{}`: {fault}", domain.escape_default())).remedy(
            "give a domain that the vendor owns, in lower case, as in `example.com`; an international one as `xn--...`",
        ));
    }
    Ok(VendorId(Uuid::new_v5(&Uuid::NAMESPACE_DNS, domain.as_bytes()).into_bytes()))
}

/// The class id of a vendor's model name: `UUIDv5(vendor id, model)`.
///
/// # Errors
///
/// The model is not 1 to 64 printable ASCII characters without a space at either end. Only ASCII, because other text has several
/// encodings that look the same and would give different ids.
pub fn class_id(vendor: VendorId, model: &str) -> Result<ClassId> {
    let printable = model.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !(1..=MAX_MODEL).contains(&model.len()) || !printable || model.trim() != model {
        return Err(Failure::new(format!("model `{}`: can not be the name of a class", model.escape_default()))
            .remedy(format!(
                "give 1 to {MAX_MODEL} printable ASCII characters, without a space at the beginning or the end"
            )));
    }
    Ok(ClassId(Uuid::new_v5(&Uuid::from_bytes(vendor.0), model.as_bytes()).into_bytes()))
}

/// What keeps a text from being a lower-case DNS name (RFC 1123) of at least two labels.
fn domain_fault(domain: &str) -> Option<&'static str> {
    let labels: Vec<&str> = domain.split('.').collect();
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some("has upper-case letters, and another spelling is another vendor id")
    } else if !domain.bytes().all(|byte| allowed(byte) || byte == b'.') {
        Some("is no domain: a domain has letters, digits, hyphens and dots only")
    } else if labels.len() < 2 {
        Some("is no domain: it has no dot")
    } else if domain.len() > MAX_DOMAIN || labels.iter().any(|label| !(1..=MAX_LABEL).contains(&label.len())) {
        Some("is no domain: a part between dots is empty or longer than 63, or the whole longer than 253")
    } else if labels.iter().any(|label| label.starts_with('-') || label.ends_with('-')) {
        Some("is no domain: a part begins or ends with a hyphen")
    } else if labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        Some("is an address, not a domain")
    } else {
        None
    }
}

const MAX_MODEL: usize = 64;
const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_those_of_the_examples_of_suit() {
        // draft-ietf-suit-manifest, appendix B; the model name behind its class id was found with Python's uuid module.
        let vendor = vendor_id("arm.com").unwrap();
        assert_eq!(vendor.to_string(), "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe");
        assert_eq!(class_id(vendor, "suit").unwrap().to_string(), "1492af14-2569-5e48-bf42-9b2d51f2ab45");
    }

    #[test]
    fn the_ids_are_those_of_an_independent_implementation() {
        // Python: uuid.uuid5(uuid.NAMESPACE_DNS, "example.com"), and uuid.uuid5 of that.
        let vendor = vendor_id("example.com").unwrap();
        assert_eq!(vendor.to_string(), "cfbff0d1-9375-5685-968c-48ce8b15ae17");
        assert_eq!(class_id(vendor, "thermostat-2").unwrap().to_string(), "d3a9237a-8693-5851-97fa-9ba7f350b073");
        assert_eq!(class_id(vendor, "A b+/*\\").unwrap().to_string(), "f300768b-d0a4-5e0d-b0a4-c3c2bf32e460");
    }

    #[test]
    fn only_one_spelling_of_a_domain_is_taken() {
        let long = format!("{}.com", "a".repeat(64));
        let whole = format!("{}com", "a.".repeat(126));
        for domain in ["a.b", "x1.example-2.co.uk", "xn--bcher-kva.example", &long[1..], &whole[2..]] {
            vendor_id(domain).unwrap();
        }
        for (domain, part) in [
            ("", "no dot"),
            ("localhost", "no dot"),
            ("Example.com", "upper-case"),
            ("example.com.", "empty"),
            (".example.com", "empty"),
            ("a..b", "empty"),
            ("-a.com", "hyphen"),
            ("a-.com", "hyphen"),
            ("a_b.com", "letters, digits"),
            ("https://example.com", "letters, digits"),
            ("b\u{fc}cher.example", "letters, digits"),
            ("a b.com", "letters, digits"),
            ("192.0.2.1", "address"),
            (&long, "longer than 63"),
            (&whole, "longer than 253"),
        ] {
            let failure = vendor_id(domain).unwrap_err();
            assert!(failure.to_string().contains(part), "{failure}");
            assert!(failure.advice().unwrap().contains("example.com"));
        }
    }

    #[test]
    fn only_one_spelling_of_a_model_is_taken() {
        let vendor = VendorId([7; 16]);
        for model in ["x", "Thermostat 2 (EU)", &"m".repeat(64)] {
            class_id(vendor, model).unwrap();
        }
        for model in ["", " x", "x ", "a\nb", "a\u{7f}", "Gr\u{f6}\u{df}e", &"m".repeat(65)] {
            assert!(class_id(vendor, model).unwrap_err().advice().unwrap().contains("printable ASCII"));
        }
        let failure = class_id(vendor, "a\u{1b}[2J\nb").unwrap_err().to_string();
        assert!(failure.starts_with("model `a\\u{1b}[2J\\nb`"), "{failure}");
    }
}
