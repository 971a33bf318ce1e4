//! What is done with a question and with its answer: the row of buttons below the editor, and the foot of the table.

use std::{fmt::Write, time::Duration};

use bevy_egui::egui::{self, Align, DragValue, Layout, ProgressBar, RichText, TextEdit, Ui};

use super::{
    super::{
        row::grouped,
        style::{medium, mono, sans},
        words::{button, small_button},
    },
    FIELD_MARGIN, Form,
};
use crate::components::{
    sql::{Answer, ExportForm, Remark, Running, SqlAction, SqlDesk},
    theme::{Theme, size},
};

/// Seconds that a question may be given.
const LIMITS_SECS: std::ops::RangeInclusive<u32> = 1..=3_600;
const PATH_WIDTH: f32 = 190.0;
const BAR_WIDTH: f32 = 230.0;
/// Rows that go to the clipboard: more is for files.
const MOST_COPIED: usize = 10_000;

/// The question as it stands there, unless one is being asked.
pub(super) fn run(desk: &SqlDesk, form: &mut Form) -> Option<SqlAction> {
    if desk.running.is_some() || form.text.trim().is_empty() {
        return None;
    }
    form.asked.clone_from(&form.text);
    let limit = Duration::from_secs(u64::from(form.limit_secs));
    Some(SqlAction::Run { name: form.title(desk), sql: form.text.clone(), limit })
}

pub(super) fn show(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, theme: &Theme, asked: &mut Vec<SqlAction>) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        match &desk.running {
            None => {
                let text = RichText::new("Run").font(medium(size::TEXT)).color(theme.colours.accent.egui());
                if ui.add(egui::Button::new(text)).on_hover_text("Ctrl + Enter").clicked() {
                    asked.extend(run(desk, form));
                }
                limit(ui, form, theme);
            }
            Some(running) => {
                if button(ui, "Cancel", !running.ends) {
                    asked.push(SqlAction::Cancel);
                }
                progress(ui, running, theme);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| plots(ui, desk, theme, asked));
    });
}

fn limit(ui: &mut Ui, form: &mut Form, theme: &Theme) {
    let faint =
        |text: &str| RichText::new(text).font(sans(size::TEXT_SMALL)).color(theme.colours.text_second.egui());
    ui.label(faint("Ctrl + Enter · at most"));
    ui.add(DragValue::new(&mut form.limit_secs).range(LIMITS_SECS).suffix(" s")).on_hover_text("time limit");
}

fn progress(ui: &mut Ui, running: &Running, theme: &Theme) {
    let share = running.elapsed.as_secs_f32() / running.limit.as_secs_f32().max(1.0);
    let rows = usize::try_from(running.rows).unwrap_or(usize::MAX);
    let text = format!(
        "{} rows · {:.1} of {} s",
        grouped(rows),
        running.elapsed.as_secs_f32(),
        running.limit.as_secs()
    );
    let bar = ProgressBar::new(share.min(1.0))
        .desired_width(BAR_WIDTH)
        .corner_radius(4)
        .fill(theme.colours.accent.egui().gamma_multiply(0.3))
        .text(RichText::new(text).font(mono(size::TEXT_SMALL)).color(theme.colours.text.egui()));
    ui.add(bar);
}

fn plots(ui: &mut Ui, desk: &SqlDesk, theme: &Theme, asked: &mut Vec<SqlAction>) {
    let Some(answer) = &desk.answer else {
        return;
    };
    if desk.is_plotted(answer.id) {
        if button(ui, "Clear plot", true) {
            asked.push(SqlAction::ClearPlot(answer.id));
        }
    } else if button(ui, "Plot", !desk.is_busy && answer.rows.count() > 0) {
        asked.push(SqlAction::Plot);
    }
    let name = RichText::new(&answer.name).font(sans(size::TEXT)).color(theme.colours.text_second.egui());
    ui.add(egui::Label::new(name).truncate());
}

/// How long the answer is and what it took; where it may go.
pub(super) fn foot(
    ui: &mut Ui,
    answer: &Answer,
    desk: &SqlDesk,
    form: &mut Form,
    theme: &Theme,
    asked: &mut Vec<SqlAction>,
) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let figures = RichText::new(summary(answer)).font(mono(size::TEXT_SMALL));
        ui.label(figures.color(theme.colours.text_second.egui()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            export(ui, desk, form, asked);
            if small_button(ui, "Copy", theme) {
                ui.ctx().copy_text(copied(answer));
            }
            remark(ui, desk, theme, asked);
        });
    });
}

fn export(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, asked: &mut Vec<SqlAction>) {
    let mut path = form.path.clone().unwrap_or_else(|| desk.catalogue.export_to.clone());
    for form in [ExportForm::Json, ExportForm::Csv] {
        if button(ui, &form.ending().to_uppercase(), !desk.is_busy) {
            let path = with_ending(&path, form);
            asked.push(SqlAction::Export { path, form, replaces: false });
        }
    }
    let field =
        TextEdit::singleline(&mut path).desired_width(PATH_WIDTH).margin(FIELD_MARGIN).hint_text("file");
    if ui.add(field).on_hover_text("where CSV and JSON are written to").changed() {
        form.path = Some(path);
    }
}

fn remark(ui: &mut Ui, desk: &SqlDesk, theme: &Theme, asked: &mut Vec<SqlAction>) {
    let Some(remark) = &desk.remark else {
        return;
    };
    let (text, colour) = match remark {
        Remark::Done(text) => (text.clone(), theme.colours.good),
        Remark::Failed(text) => (text.clone(), theme.colours.error),
        Remark::FileExists { path, form } => {
            if button(ui, "Replace", !desk.is_busy) {
                asked.push(SqlAction::Export { path: path.clone(), form: *form, replaces: true });
            }
            (format!("{path} is there already"), theme.colours.warning)
        }
    };
    let text = RichText::new(text).font(sans(size::TEXT_SMALL)).color(colour.egui());
    ui.add(egui::Label::new(text).truncate());
}

/// A path that has an ending of its own keeps it.
fn with_ending(path: &str, form: ExportForm) -> String {
    let path = path.trim();
    let has_ending = std::path::Path::new(path).extension().is_some();
    if has_ending { path.to_owned() } else { format!("{path}.{}", form.ending()) }
}

fn summary(answer: &Answer) -> String {
    let rows = answer.rows.count();
    let took = answer.took.as_secs_f64();
    let took = if took < 1.0 { format!("{:.0} ms", took * 1e3) } else { format!("{took:.1} s") };
    let mut text = match rows {
        1 => format!("1 row · {took}"),
        rows => format!("{} rows · {took}", grouped(rows)),
    };
    if answer.is_cut {
        // Writing to a string does not fail.
        let _ = write!(text, " · cut at {}", grouped(rows));
    }
    text
}

/// Rows as they are shown, with tabs between their cells.
fn copied(answer: &Answer) -> String {
    let rows = &answer.rows;
    let mut text = rows.columns().join("\t");
    for place in 0..rows.count().min(MOST_COPIED) {
        text.push('\n');
        for column in 0..rows.columns().len() {
            let tab = if column > 0 { "\t" } else { "" };
            let _ =
                write!(text, "{tab}{}", rows.text(answer.row_at(place), column).replace(['\t', '\n'], " "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc};

    use super::*;
    use crate::components::sql::{Rows, Sorting};

    struct Squares(Vec<String>);

    impl Rows for Squares {
        fn columns(&self) -> &[String] {
            &self.0
        }
        fn count(&self) -> usize {
            1_200
        }
        fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
            Cow::Owned(if column == 0 { row.to_string() } else { format!("a\t{row}") })
        }
        fn is_figure(&self, _: usize, column: usize) -> bool {
            column == 0
        }
        fn lon_lat(&self, _: usize) -> Option<[f32; 2]> {
            None
        }
    }

    fn answer() -> Answer {
        Answer {
            id: 1,
            name: String::new(),
            rows: Arc::new(Squares(vec!["n".to_owned(), "text".to_owned()])),
            took: Duration::from_millis(12),
            is_cut: true,
            sorting: None,
        }
    }

    #[test]
    fn the_foot_says_how_much_there_is_and_whether_there_was_more() {
        assert_eq!(summary(&answer()), "1\u{202f}200 rows · 12 ms · cut at 1\u{202f}200");
    }

    #[test]
    fn what_is_copied_stands_as_it_is_shown() {
        let sorting = Sorting { column: 0, descending: true, rows: (0..1_200).rev().collect() };
        let text = copied(&Answer { sorting: Some(sorting), ..answer() });
        assert!(text.starts_with("n\ttext\n1199\ta 1199\n1198\t"), "{text}");
        assert_eq!(text.lines().count(), 1_201);
    }

    #[test]
    fn a_file_gets_the_ending_of_its_form_unless_it_has_one() {
        assert_eq!(with_ending(" /home/me/q ", ExportForm::Csv), "/home/me/q.csv");
        assert_eq!(with_ending("/home/me/q.txt", ExportForm::Json), "/home/me/q.txt");
    }
}
