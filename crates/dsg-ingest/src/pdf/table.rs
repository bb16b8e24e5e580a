//! Tables: lines whose words stand in columns.

use super::lines::Line;
use super::words::Piece;

/// Lines with several cells that a table must have.
const MIN_ROWS: usize = 3;
/// Columns beyond this are no table but a drawing.
const MAX_COLUMNS: usize = 16;

/// Runs of lines, and the rows of those that are tables.
type Runs = Vec<(Vec<Line>, Option<Vec<Vec<String>>>)>;

/// Cuts a region into tables and what stands between.
pub(super) fn split(lines: Vec<Line>) -> Runs {
    let mut runs: Runs = Vec::new();
    let mut plain: Vec<Line> = Vec::new();
    let mut run: Vec<Line> = Vec::new();
    let flush = |run: &mut Vec<Line>, plain: &mut Vec<Line>, runs: &mut Runs| {
        if let Some(rows) = rows(run) {
            if !plain.is_empty() {
                runs.push((std::mem::take(plain), None));
            }
            runs.push((std::mem::take(run), Some(rows)));
        } else {
            plain.append(run);
        }
    };
    for line in lines {
        let cells = line.cells().len();
        let mono = line.is_mono();
        let near = run
            .last()
            .is_none_or(|last| line.y - last.y < last.size.max(line.size) * 3.2);
        if cells >= 2 && !mono && !leads(&line) {
            if !near {
                flush(&mut run, &mut plain, &mut runs);
            }
            run.push(line);
        } else if !run.is_empty() && !mono && near && below_a_cell(&run, &line) {
            run.push(line);
        } else {
            flush(&mut run, &mut plain, &mut runs);
            plain.push(line);
        }
    }
    flush(&mut run, &mut plain, &mut runs);
    if !plain.is_empty() {
        runs.push((plain, None));
    }
    runs
}

/// A line of a table of contents.
fn leads(line: &Line) -> bool {
    let text = line.text();
    text.contains(". . . .") || text.contains("....")
}

/// Whether `line` goes on with a cell other than the first of the last row.
fn below_a_cell(run: &[Line], line: &Line) -> bool {
    let Some(last) = run.last() else {
        return false;
    };
    if line.y - last.y > last.size.max(line.size) * 1.5 {
        return false;
    }
    let columns = columns(run);
    let inside =
        |(x0, x1): &(f32, f32)| line.x0 >= x0 - line.size && line.x1 <= x1 + line.size * 3.0;
    columns.len() >= 2 && columns.iter().skip(1).any(inside)
}

/// The columns that the cells of `run` stand in, from left to right.
fn columns(run: &[Line]) -> Vec<(f32, f32)> {
    let mut cells: Vec<(f32, f32)> = run
        .iter()
        .filter(|line| line.cells().len() >= 2)
        .flat_map(|line| {
            line.cells()
                .into_iter()
                .filter_map(extent)
                .collect::<Vec<_>>()
        })
        .collect();
    cells.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (x0, x1) in cells {
        match columns.last_mut() {
            Some((_, end)) if x0 < *end => *end = end.max(x1),
            _ => columns.push((x0, x1)),
        }
    }
    columns
}

fn extent(cell: &[Piece]) -> Option<(f32, f32)> {
    Some((cell.first()?.x0, cell.last()?.x1))
}

/// The rows, if the lines are a table.
fn rows(run: &[Line]) -> Option<Vec<Vec<String>>> {
    let full = run.iter().filter(|line| line.cells().len() >= 2).count();
    if full < MIN_ROWS {
        return None;
    }
    let columns = columns(run);
    if columns.len() < 2 || columns.len() > MAX_COLUMNS {
        return None;
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut filled = 0;
    for line in run {
        let mut row = vec![String::new(); columns.len()];
        let cells = line.cells();
        filled += cells.len();
        for cell in &cells {
            let (x0, x1) = extent(cell)?;
            let nearest = columns
                .iter()
                .position(|(from, to)| x0 < *to && x1 > *from)?;
            let slot = row.get_mut(nearest)?;
            if !slot.is_empty() {
                slot.push(' ');
            }
            slot.push_str(&words(cell));
        }
        // A cell that wraps has nothing in the first column.
        let wraps = cells.len() < columns.len()
            && row.first().is_some_and(String::is_empty)
            && !rows.is_empty();
        match rows.last_mut() {
            Some(last) if wraps => {
                for (slot, more) in last.iter_mut().zip(row) {
                    if !slot.is_empty() && !more.is_empty() {
                        slot.push(' ');
                    }
                    slot.push_str(&more);
                }
            }
            _ => rows.push(row),
        }
    }
    // Words that stand apart by chance fill few of the columns.
    let share = filled as f32 / (run.len() * columns.len()) as f32;
    (rows.len() >= 2 && share > 0.5).then_some(rows)
}

fn words(cell: &[Piece]) -> String {
    let mut text = String::new();
    for piece in cell {
        if piece.spaced && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    text
}
