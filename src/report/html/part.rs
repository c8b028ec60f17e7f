//! What a section is made of. A page is its verdict, six figures and sections of these parts, so that
//! every page looks the same and every text passes one door.

use askama::Template;

use super::text::Html;

/// One section, linked from the top of the page.
pub(super) struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub parts: Vec<Part>,
}

/// A piece of a section. Parts hold parts, and each writes itself.
#[derive(Template)]
#[template(path = "report/part.html")]
pub(super) enum Part {
    /// Small print.
    Note(Html),
    Text(Html),
    /// Over a part of a section.
    Heading(Html),
    /// What a section says, in one line.
    Lead(Html),
    List(Vec<Html>),
    Table(Table),
    Figure {
        title: &'static str,
        unit: String,
        drawing: Html,
    },
    /// A chart, and its table in a narrow column beside it.
    Columns(Vec<Part>, Vec<Part>),
    /// Two columns of the same width.
    Halves(Vec<Part>, Vec<Part>),
    Details {
        summary: String,
        parts: Vec<Part>,
    },
    Facts(Vec<(&'static str, Html)>),
    Code {
        label: String,
        text: Html,
        wraps: bool,
    },
    Finding {
        severity: Cell,
        title: Html,
        texts: Vec<Html>,
        source: Html,
        parts: Vec<Part>,
    },
}

/// A table with one row of heads; the first cell of a row is its head.
#[derive(Default)]
pub(super) struct Table {
    pub caption: Option<Html>,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    pub shape: Shape,
}

/// How wide a table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Wide,
    /// As wide as its content.
    Fit,
    /// On a phone every row becomes a block.
    Stack,
}

pub(super) struct Column {
    pub name: Html,
    pub class: &'static str,
}

/// A cell, with the class of its alignment.
#[derive(Clone)]
pub(super) struct Cell {
    pub class: &'static str,
    pub html: Html,
}

impl Table {
    /// A head that begins with `>` stands over numbers, one with `~` is left out on a phone.
    pub(super) fn new(heads: &[&str]) -> Self {
        let column = |head: &&str| {
            let (class, name) = match (head.strip_prefix('>'), head.strip_prefix('~')) {
                (Some(name), _) => ("r", name),
                (_, Some(name)) => ("hs", name),
                _ => ("", *head),
            };
            Column {
                name: Html::text(name),
                class,
            }
        };
        Self {
            columns: heads.iter().map(column).collect(),
            ..Self::default()
        }
    }

    pub(super) const fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    pub(super) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The table as a part, unless it is empty.
    pub(super) fn part(self) -> Option<Part> {
        (!self.rows.is_empty()).then_some(Part::Table(self))
    }

    fn class(&self) -> Html {
        class(match self.shape {
            Shape::Wide => "",
            Shape::Fit => "fit",
            Shape::Stack => "stack",
        })
    }

    /// `display: block` takes the roles of a table away, so they are named.
    fn role(&self, role: &str) -> Html {
        match self.shape {
            Shape::Stack => Html::ours(format!(" role=\"{role}\"")),
            _ => Html::default(),
        }
    }

    fn label(&self, index: usize) -> Html {
        match (self.shape, self.columns.get(index)) {
            (Shape::Stack, Some(column)) => Html::ours(format!(" data-l=\"{}\"", column.name)),
            _ => Html::default(),
        }
    }
}

/// The attribute, where there is a class.
fn class(name: &str) -> Html {
    if name.is_empty() {
        return Html::default();
    }
    Html::ours(format!(" class=\"{name}\""))
}

impl Column {
    fn class(&self) -> Html {
        class(self.class)
    }
}

impl Cell {
    fn class(&self) -> Html {
        class(self.class)
    }

    pub(super) fn text(text: &str) -> Self {
        Self::html(Html::sentence(text))
    }

    pub(super) const fn html(html: Html) -> Self {
        Self { class: "", html }
    }

    pub(super) fn code(text: &str) -> Self {
        Self::html(Html::code(text))
    }

    pub(super) fn number(text: impl AsRef<str>) -> Self {
        Self {
            class: "r",
            html: Html::text(text.as_ref()),
        }
    }

    /// A number that the reader should find first.
    pub(super) fn strong(text: impl AsRef<str>) -> Self {
        Self {
            class: "r",
            html: Html::ours(format!("<b>{}</b>", Html::text(text.as_ref()))),
        }
    }

    /// A shape and a word; the colour repeats them.
    pub(super) fn state(icon: &str, colour: &str, word: &str) -> Self {
        Self::html(Html::ours(format!(
            "<span class=\"st {colour}\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#i-{icon}\"/></svg>{}</span>",
            Html::text(word)
        )))
    }

    /// A share of a whole as a bar; the number stands in another cell.
    pub(super) fn bar(share: f64, class: &str) -> Self {
        let width = if share > 0.0 {
            (share * 100.0).clamp(0.4, 100.0)
        } else {
            0.0
        };
        Self {
            class: "hs",
            html: Html::ours(format!(
                "<svg class=\"bar\" aria-hidden=\"true\"><rect class=\"fz\" width=\"100%\" height=\"10\" rx=\"1\"/>\
                 <rect class=\"{class}\" width=\"{width:.1}%\" height=\"10\" rx=\"1\"/></svg>"
            )),
        }
    }

    /// Two parts of one length, one after the other.
    pub(super) fn stacked(first: f64, second: f64) -> Self {
        let per_cent = |share: f64| format!("{:.1}%", share.clamp(0.0, 1.0) * 100.0);
        Self {
            class: "hs",
            html: Html::ours(format!(
                "<svg class=\"bar\" style=\"min-width:120px\" aria-hidden=\"true\"><rect class=\"fa\" \
                 width=\"{0}\" height=\"10\"/><rect class=\"ea\" x=\"{0}\" width=\"{1}\" height=\"10\"/></svg>",
                per_cent(first.max(0.004)),
                per_cent(second)
            )),
        }
    }

    /// A stretch of a common scale with a dot in it, all as shares of its width.
    pub(super) fn stretch(from: f64, dot: f64, to: f64) -> Self {
        let place = |share: f64| format!("{:.1}%", 2.0 + share.clamp(0.0, 1.0) * 96.0);
        Self {
            class: "hs",
            html: Html::ours(format!(
                "<svg class=\"bar\" style=\"min-width:140px\" aria-hidden=\"true\"><line class=\"g\" x1=\"0\" \
                 x2=\"100%\" y1=\"5\" y2=\"5\"/><line x1=\"{}\" x2=\"{}\" y1=\"5\" y2=\"5\" stroke=\"var(--a)\" \
                 stroke-width=\"2\"/><circle class=\"fa\" cx=\"{}\" cy=\"5\" r=\"4\"/></svg>",
                place(from),
                place(to),
                place(dot)
            )),
        }
    }
}
