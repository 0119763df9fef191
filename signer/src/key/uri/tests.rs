use super::*;

#[test]
fn the_attributes_that_find_a_key_are_read() {
    let text = "pkcs11:token=Release%20HSM;manufacturer=x;model=y;serial=01;slot-id=7;object=ed%3B;id=%01%ff;type=private\
                ?module-path=/usr/lib/m.so&pin-source=file:/run/pin";
    let KeyUri::Pkcs11(uri) = KeyUri::parse(text).unwrap() else { panic!("a token") };
    assert_eq!(uri.token.as_deref(), Some("Release HSM"));
    assert_eq!((uri.slot_id, uri.object.as_deref()), (Some(7), Some("ed;")));
    assert_eq!(uri.id.as_deref(), Some(&[1, 0xff][..]));
    assert_eq!(uri.module_path, Path::new("/usr/lib/m.so"));
    assert_eq!(uri.pin_source, SecretSource::File("/run/pin".into()));
    assert_eq!(uri.to_string(), text);
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let module = "?module-path=/m.so";
    let cases = [
        ("pkcs11:", "module-path"),
        ("pkcs11:object=a", "module-path"),
        ("pkcs11:object=a?module-path=m.so", "absolute"),
        (&format!("pkcs11:token=a{module}"), "names no key"),
        (&format!("pkcs11:object=a;object=b{module}"), "twice"),
        (&format!("pkcs11:object=a;color=red{module}"), "`color`"),
        (&format!("pkcs11:object=a;module-path=/m.so{module}"), "`module-path`"),
        (&format!("pkcs11:object{module}"), "has no value"),
        (&format!("pkcs11:object=%4{module}"), "`%`"),
        (&format!("pkcs11:object=%zz{module}"), "`%`"),
        (&format!("pkcs11:object=%ff{module}"), "UTF-8"),
        (&format!("pkcs11:object=a;slot-id=x{module}"), "slot-id"),
        (&format!("pkcs11:object=a;type=public{module}"), "type=private"),
        (&format!("pkcs11:object=a{module}&pin-source=|cat"), "not a source"),
        (&format!("pkcs11:object=a{module}&pin-source=1234"), "not a source"),
        ("file:", "names no file"),
        ("", "names no file"),
        ("exec:", "absolute"),
        ("exec:helper", "absolute"),
        ("exec:/bin/x?key=1", "`key`"),
        ("exec:/bin/x?arg", "no value"),
        ("exec:/bin/x?timeout=0", "timeout"),
        ("exec:/bin/x?timeout=never", "timeout"),
    ];
    for (text, part) in cases {
        let failure = KeyUri::parse(text).unwrap_err().to_string();
        assert!(failure.contains(part), "{text}: {failure}");
    }
    println!("key URIs: {} refused", cases.len());
}

#[test]
fn a_pin_in_a_uri_is_refused_and_not_repeated() {
    let failure = KeyUri::parse("pkcs11:object=a?module-path=/m.so&pin-value=98765").unwrap_err();
    assert!(failure.to_string().contains("does not belong into a URI"), "{failure}");
    assert!(!failure.to_string().contains("98765"));
}

#[test]
fn paths_are_files() {
    assert_eq!(KeyUri::parse("keys/a.pem").unwrap(), KeyUri::File("keys/a.pem".into()));
    assert_eq!(
        KeyUri::parse("file:keys/a.pem").unwrap().relative_to(Path::new("/x")),
        KeyUri::File("/x/keys/a.pem".into())
    );
}
