//! A bar chart as SVG, readable on light and on dark.

use std::fmt::Write as _;

use crate::failure::Result;

/// A bar.
pub(crate) struct Bar<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: u64,
    pub(crate) ours: bool,
}

/// Horizontal bars, the values beside them.
pub(crate) fn chart(title: &str, bars: &[Bar<'_>]) -> Result<String> {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(1).max(1);
    let count = u64::try_from(bars.len())?;
    let height = count.saturating_mul(24).saturating_add(44);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 {height}\" role=\"img\" aria-label=\"{title}\">\n{STYLE}\
         <text x=\"8\" y=\"22\" class=\"title\">{title}</text>\n"
    );
    for (at, Bar { name, value, ours }) in (0_u64..).zip(bars) {
        let top = at.saturating_mul(24).saturating_add(36);
        let width = value.saturating_mul(420).checked_div(most).unwrap_or(0).max(1);
        let (base, end) = (top.saturating_add(14), width.saturating_add(236));
        let class = if *ours { "ours" } else { "other" };
        writeln!(
            svg,
            "<text x=\"222\" y=\"{base}\" text-anchor=\"end\">{name}</text><rect x=\"230\" y=\"{top}\" width=\"{width}\" height=\"18\" \
             class=\"{class}\"/><text x=\"{end}\" y=\"{base}\">{value}</text>"
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

const STYLE: &str = "\
<style>text{font:13px sans-serif;fill:#222}.title{font-weight:bold}.ours{fill:#1f6fb2}.other{fill:#9a9a9a}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.ours{fill:#5aa9e6}.other{fill:#777}}</style>\n";
