//! The functions of a linked image by their addresses.

use object::{Object, ObjectSymbol as _, SymbolKind};

use crate::failure::Result;

/// Every function of an image, in the order of their addresses.
#[derive(Clone, Debug)]
pub(crate) struct Functions(Vec<Function>);

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) begin: u64,
    /// Behind its last byte.
    pub(crate) end: u64,
    /// As its author wrote it.
    pub(crate) name: String,
}

impl Functions {
    /// Reads the symbols. One that states no size, as assembly may, goes on to the next one.
    ///
    /// # Errors
    /// The file is not what it should be.
    pub(crate) fn of<'data>(file: &impl Object<'data>) -> Result<Self> {
        let mut functions = Vec::new();
        for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            functions.push((symbol.address() & !THUMB, symbol.size(), name));
        }
        Ok(Self::from_symbols(functions))
    }

    /// From addresses, sizes and names in any order.
    pub(crate) fn from_symbols(mut symbols: Vec<(u64, u64, String)>) -> Self {
        // Of several names for one place, the one that states a size; else the first.
        symbols.sort_by(|one, other| {
            (one.0, core::cmp::Reverse(one.1), &one.2).cmp(&(other.0, core::cmp::Reverse(other.1), &other.2))
        });
        symbols.dedup_by_key(|(begin, _, _)| *begin);
        let next: Vec<u64> = symbols.iter().skip(1).map(|(begin, _, _)| *begin).chain([u64::MAX]).collect();
        let functions = symbols.into_iter().zip(next).map(|((begin, size, name), next)| {
            let end = if size == 0 { next } else { begin.saturating_add(size) };
            Function { begin, end, name }
        });
        Self(functions.collect())
    }

    /// Which function an address lies in: its place in the list.
    pub(crate) fn index(&self, address: u64) -> Option<usize> {
        let before = self.0.partition_point(|function| function.begin <= address).checked_sub(1)?;
        self.0.get(before).filter(|function| address < function.end).map(|_| before)
    }

    /// Which function an address lies in.
    pub(crate) fn at(&self, address: u64) -> Option<&Function> {
        self.0.get(self.index(address)?)
    }

    /// The function at a place of the list.
    pub(crate) fn get(&self, index: usize) -> Option<&Function> {
        self.0.get(index)
    }

    /// The function of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Function> {
        self.0.iter().find(|function| function.name == name)
    }
}

/// Arm says by the lowest bit of an address that the code there is Thumb code.
const THUMB: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_one_function_or_in_none() {
        let functions = Functions::from_symbols(vec![
            (0x30, 0, "assembly".into()),
            (0x10, 8, "first".into()),
            (0x40, 4, "last".into()),
            (0x10, 0, "alias".into()),
        ]);
        assert_eq!(functions.0.len(), 3);
        for (address, name) in [
            (0x0F, None),
            (0x10, Some("first")),
            (0x17, Some("first")),
            (0x18, None),
            (0x30, Some("assembly")),
            (0x3F, Some("assembly")),
            (0x43, Some("last")),
            (0x44, None),
        ] {
            assert_eq!(functions.at(address).map(|function| function.name.as_str()), name, "{address:#x}");
        }
        assert_eq!(functions.named("last").map(|function| function.begin), Some(0x40));
    }
}
