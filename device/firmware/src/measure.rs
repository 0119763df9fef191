//! One measurement: instructions, stack, and that what is measured says yes and no where it should.

use crate::board::{calibrate, exit, print, print_number, start_ticks, ticks, with_paint};

/// Measures what `accept` does; `refuse` does the same with something that is not good. Both say 0 for yes and a number for no.
pub(crate) fn measure(accept: impl Fn() -> u32, refuse: impl Fn() -> u32) -> ! {
    start_ticks();
    let begin = ticks(None);
    calibrate();
    let known = ticks(Some(begin));

    let begin = ticks(None);
    let first = accept();
    let used = ticks(Some(begin));
    let (second, stack) = with_paint(&accept);
    let refused = refuse();
    for (name, number) in
        [("known=", known), (" used=", used), (" stack=", stack), (" good=", first | second), (" bad=", refused)]
    {
        print(name);
        print_number(number);
    }
    print("\n");
    exit(0)
}
