//! A tree for people: indented lines with branches drawn.

use std::io::{self, Write};

/// A line, and what belongs under it.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    text: String,
    children: Vec<Self>,
}

impl Tree {
    /// A line with nothing under it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), children: Vec::new() }
    }

    /// Puts a line under this one.
    pub fn push(&mut self, child: impl Into<Self>) {
        self.children.push(child.into());
    }

    /// The same with a line more under it.
    #[must_use]
    pub fn with(mut self, child: impl Into<Self>) -> Self {
        self.push(child);
        self
    }

    /// Writes the lines under this one, and not this one itself.
    ///
    /// # Errors
    ///
    /// Only those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        // Each open node with the indentation of its children; a list in the place of recursion.
        let mut open = vec![(self.children.as_slice(), String::new())];
        while let Some((children, indent)) = open.pop() {
            let Some((first, rest)) = children.split_first() else { continue };
            let last = rest.is_empty();
            let (branch, below) = if last { ("`-- ", "    ") } else { ("|-- ", "|   ") };
            writeln!(out, "{indent}{branch}{}", first.text)?;
            let deeper = format!("{indent}{below}");
            open.push((rest, indent));
            open.push((&first.children, deeper));
        }
        Ok(())
    }
}

impl<S: Into<String>> From<S> for Tree {
    fn from(text: S) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_drawn_to_the_last_child() {
        let tree = Tree::new("").with(Tree::new("a").with("b").with(Tree::new("c").with("d"))).with("e");
        let mut out = Vec::new();
        tree.write(&mut out).unwrap();
        let expected = "|-- a\n|   |-- b\n|   `-- c\n|       `-- d\n`-- e\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
