#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| twinseal_fuzz::image_file::run(data));
