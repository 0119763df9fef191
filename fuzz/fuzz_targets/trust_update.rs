#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| twinseal_fuzz::trust_update::run(data));
