//! Tables for people: aligned, no frames, nothing in a cell that a terminal would obey.

use unicode_width::UnicodeWidthStr;

use crate::domain::printable;

/// Rows of cells under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row; its cells are made printable.
    pub fn row(&mut self, cells: &[&str]) {
        self.rows.push(cells.iter().map(|cell| printable(cell)).collect());
    }

    /// The table as text, cells longer than `widest` cut with an ellipsis.
    pub fn render(&self, widest: usize) -> String {
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| cut(cell, widest)).collect()).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.width() + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
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
    fn long_cells_are_cut() {
        let mut table = Table::new(&["N"]);
        table.row(&["abcdefghij"]);
        assert_eq!(table.render(5), "N\nabcd…\n");
    }
}
