#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| twinseal_fuzz::ed25519::run(data));
