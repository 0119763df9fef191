//! Signing requests and answers: nothing in them is believed but what was computed again.

use std::sync::LazyLock;

use twinseal::ceremony::{Answer, Object, Request, RequestFault, tally};

use crate::fixture::{STORE, WORLD};
use crate::note::{note, variant};
use crate::recipe::Recipe;

static MANIFEST: LazyLock<Vec<u8>> = LazyLock::new(|| WORLD.release.manifest());
static ASKED: LazyLock<(Request, Object)> = LazyLock::new(|| {
    let object = Object::release(MANIFEST.clone(), STORE.clone());
    (Request::new(&object).expect("a good request"), object)
});

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 4 {
        0 => {
            let parsed = Request::parse(bytes);
            if let Ok((request, object)) = &parsed {
                assert_eq!(Request::new(object).as_ref(), Ok(request), "a request follows from its object");
            }
            outcome("request", &parsed.map(|(request, _)| request));
        }
        1 => {
            let (mut manifest, mut store) = (MANIFEST.clone(), STORE.clone());
            let mut recipe = Recipe::new(bytes);
            recipe.splice(&mut manifest);
            recipe.splice(&mut store);
            computed("release", Object::release(manifest, store));
        }
        2 => computed("trust update", Object::trust_update(bytes.to_vec(), STORE.clone())),
        _ => match Answer::parse(bytes) {
            Err(_) => note("answer refused"),
            Ok(answer) => {
                let (request, object) = &*ASKED;
                let Ok(tally) = tally(request, object, &[answer]) else { return note("answer not tallied") };
                let good = tally.problems.is_empty() && tally.missing.is_empty();
                assert!(!good || !tally.seals.is_empty(), "nothing is put together out of nothing");
                note(format!(
                    "answer with {} problems, {} missing",
                    tally.problems.len().min(1),
                    tally.missing.len().min(1)
                ));
            }
        },
    }
}

/// A request for an object is one that whoever answers computes to the same.
fn computed(what: &str, object: Object) {
    let request = Request::new(&object);
    if let Ok(request) = &request {
        let bytes = request.to_bytes().expect("a request can be written");
        assert_eq!(Request::parse(&bytes), Ok((request.clone(), object)), "both sides compute the same");
    }
    outcome(what, &request);
}

fn outcome(what: &str, request: &Result<Request, RequestFault>) {
    note(match request {
        Ok(_) => format!("{what} accepted"),
        Err(fault) => format!("{what} {}", variant(fault)),
    });
}
