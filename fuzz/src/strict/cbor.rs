//! Deterministic CBOR by `ciborium`, and what every object is made of: numbers, strings, names and digests.

use ciborium::Value;

/// One item of deterministic CBOR, but for the order of keys, and what follows.
pub(super) fn item(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut rest = bytes;
    let value: Value = ciborium::from_reader(&mut rest).ok()?;
    let mut again = Vec::new();
    ciborium::into_writer(&value, &mut again).ok()?;
    (bytes.get(..bytes.len() - rest.len()) == Some(&again)).then_some((value, rest))
}

pub(super) fn whole(bytes: &[u8]) -> Option<Value> {
    item(bytes).and_then(|(value, rest)| rest.is_empty().then_some(value))
}

/// The values of a map with exactly these keys, in this order.
pub(super) fn map<const N: usize>(value: &Value, keys: [i64; N]) -> Option<[&Value; N]> {
    let entries = value.as_map().filter(|entries| entries.len() == N)?;
    holds(entries.iter().zip(keys).all(|((found, _), key)| int(found) == Some(key)))?;
    let values: Vec<&Value> = entries.iter().map(|(_, value)| value).collect();
    values.try_into().ok()
}

/// The same with one key more, which may be missing, at the end.
pub(super) fn with_optional<const N: usize>(
    value: &Value,
    keys: [i64; N],
    last: i64,
) -> Option<([&Value; N], Option<&Value>)> {
    let entries = value.as_map()?;
    let optional = match entries.get(N) {
        None => None,
        Some((found, value)) => {
            holds(int(found) == Some(last) && entries.len() == N + 1)?;
            Some(value)
        }
    };
    holds(entries.len() >= N && entries.iter().zip(keys).all(|((found, _), key)| int(found) == Some(key)))?;
    let values: Vec<&Value> = entries.iter().take(N).map(|(_, value)| value).collect();
    Some((values.try_into().ok()?, optional))
}

pub(super) fn list(value: &Value, sizes: std::ops::RangeInclusive<usize>) -> Option<&[Value]> {
    value.as_array().filter(|items| sizes.contains(&items.len())).map(Vec::as_slice)
}

pub(super) fn int(value: &Value) -> Option<i64> {
    value.as_integer()?.try_into().ok()
}

pub(super) fn uint(value: &Value) -> Option<u64> {
    value.as_integer()?.try_into().ok()
}

pub(super) fn below(value: &Value, bound: u64) -> Option<u64> {
    uint(value).filter(|number| *number < bound)
}

pub(super) fn numbers(values: &[&Value], expected: &[u64]) -> Option<()> {
    holds(values.iter().zip(expected).all(|(value, expected)| uint(value) == Some(*expected)))
}

pub(super) fn byte_string(value: &Value) -> Option<&[u8]> {
    value.as_bytes().map(Vec::as_slice)
}

pub(super) fn sized(value: &Value, size: usize) -> Option<Vec<u8>> {
    value.as_bytes().filter(|bytes| bytes.len() == size).cloned()
}

pub(super) fn ascii(value: &Value) -> Option<String> {
    value.as_text().filter(|text| text.is_ascii()).map(str::to_owned)
}

pub(super) fn digest(bytes: &[u8]) -> Option<(i64, Vec<u8>)> {
    digest_value(&whole(bytes)?)
}

pub(super) fn digest_value(value: &Value) -> Option<(i64, Vec<u8>)> {
    let [algorithm, digest] = list(value, 2..=2)? else { return None };
    let algorithm = int(algorithm)?;
    Some((algorithm, sized(digest, digest_size(algorithm)?)?))
}

pub(super) fn digest_size(algorithm: i64) -> Option<usize> {
    match algorithm {
        -16 => Some(32),
        -43 => Some(48),
        -44 => Some(64),
        _ => None,
    }
}

pub(super) fn name(bytes: &[u8]) -> Option<Vec<u8>> {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good = (1..=32).contains(&bytes.len())
        && letter(&bytes[0])
        && bytes.iter().all(|byte| letter(byte) || b"._-".contains(byte));
    good.then(|| bytes.to_vec())
}

pub(super) fn holds(condition: bool) -> Option<()> {
    condition.then_some(())
}
