//! Small tables for people.

/// How a column lines up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells, laid out by the widest cell of each column. Cells hold no colour codes: widths are counted in characters.
#[derive(Debug)]
pub(crate) struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(header: [(&str, Align); N]) -> Self {
        Self {
            align: header.iter().map(|(_, align)| *align).collect(),
            rows: vec![header.iter().map(|(name, _)| (*name).to_owned()).collect()],
        }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The lines, header first, indented by two, without trailing blanks.
    pub(crate) fn lines(&self) -> Vec<String> {
        let widths: Vec<usize> = (0..self.align.len())
            .map(|column| {
                let width = |row: &Vec<String>| row.get(column).map_or(0, |c| c.chars().count());
                self.rows.iter().map(width).max().unwrap_or(0)
            })
            .collect();
        self.rows
            .iter()
            .map(|row| {
                let mut line = String::from("  ");
                for ((cell, width), align) in row.iter().zip(&widths).zip(&self.align) {
                    let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
                    match align {
                        Align::Left => line.extend([cell.as_str(), &blanks]),
                        Align::Right => line.extend([blanks.as_str(), cell]),
                    }
                    line.push_str("  ");
                }
                line.trim_end().to_owned()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let mut table = Table::new([("stage", Align::Left), ("in", Align::Right)]);
        table.row(["äh".into(), "1234".into()]);
        assert_eq!(table.lines(), ["  stage    in", "  äh     1234"]);
    }
}
