//! Tables for people: aligned, no frames, nothing in a cell that a terminal would obey.

use unicode_width::UnicodeWidthStr;

use crate::domain::printable;

/// Columns between two cells.
const GAP: usize = 2;

/// No cell is cut to less than this, however narrow the terminal.
const NARROWEST: usize = 4;

/// Rows of cells under a heading.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row; its cells are made printable.
    pub(crate) fn row(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|cell| printable(cell)).collect());
    }

    /// The table as text, no line longer than `width` columns: the widest cells are cut with an
    /// ellipsis.
    pub(crate) fn render(&self, width: usize) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = cut(cell, *width);
                line.push_str(&cell);
                line.push_str(&" ".repeat(width - cell.width() + GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The columns' widths, so that all fit into `total`: the widest give way first.
    fn widths(&self, total: usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let natural = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        };
        let natural: Vec<usize> = (0..columns).map(natural).collect();
        let room = total.saturating_sub(GAP * columns.saturating_sub(1));
        let capped = |cap: usize| natural.iter().map(move |width| *width.min(&cap));
        let widest = natural.iter().copied().max().unwrap_or(0);
        let cap = (NARROWEST..=widest).rev().find(|cap| capped(*cap).sum::<usize>() <= room);
        capped(cap.unwrap_or(widest.min(NARROWEST))).collect()
    }
}

fn cut(cell: &str, widest: usize) -> String {
    if cell.width() <= widest {
        return cell.to_owned();
    }
    let mut text = String::new();
    for character in cell.chars() {
        if text.width() + unicode_width::UnicodeWidthChar::width(character).unwrap_or(0) >= widest {
            break;
        }
        text.push(character);
    }
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_also_with_wide_characters() {
        let mut table = Table::new(&["NAME", "VALUE"]);
        table.row(&["日本", "x"]);
        table.row(&["A_LONG_NAME", "line\nbreak"]);
        assert_eq!(table.render(80), "NAME         VALUE\n日本         x\nA_LONG_NAME  line\\nbreak\n");
    }

    #[test]
    fn the_widest_cells_are_cut_until_all_fit() {
        let mut table = Table::new(&["N", "LONG", "SHORT"]);
        table.row(&["1", "abcdefghij", "xyz"]);
        assert_eq!(table.render(20), "N  LONG        SHORT\n1  abcdefghij  xyz\n");
        assert_eq!(table.render(17), "N  LONG     SHORT\n1  abcdef…  xyz\n");
        assert_eq!(table.render(0), "N  LONG  SHO…\n1  abc…  xyz\n");
        assert_eq!(Table::new(&["A", "B"]).render(80), "A  B\n");
    }
}
