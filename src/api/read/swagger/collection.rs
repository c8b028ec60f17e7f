//! `collectionFormat`: how the items of an array are written into one text.

use crate::api::read::Reader;
use crate::api::read::node::Node;
use crate::api::{ParameterPlace, Style};
use crate::text::suggest;

const FORMATS: [&str; 5] = ["csv", "ssv", "tsv", "pipes", "multi"];

/// How the items of an array are written, from the outermost array inwards.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) style: Style,
    pub(super) explode: bool,
    /// Of the arrays inside of it.
    pub(super) inner: Vec<Style>,
}

impl<'a> Reader<'a> {
    /// The format of a parameter, a header or a form field. `None` is a form field.
    pub(super) fn collection(
        &mut self,
        node: Node<'a, '_>,
        place: Option<ParameterPlace>,
    ) -> Collection {
        let repeats = matches!(place, None | Some(ParameterPlace::Query));
        let plain = if repeats { Style::Form } else { Style::Simple };
        if !is_array(node) {
            return Collection {
                style: plain,
                explode: plain == Style::Form,
                inner: Vec::new(),
            };
        }
        let (style, explode) = match self.collection_format(node, repeats).as_str() {
            "ssv" => (Style::SpaceDelimited, false),
            "tsv" => (Style::TabDelimited, false),
            "pipes" => (Style::PipeDelimited, false),
            "multi" => (Style::Form, true),
            _ => (plain, false),
        };
        let mut inner = Vec::new();
        self.inner_formats(node, &mut inner);
        Collection {
            style,
            explode,
            inner,
        }
    }

    fn inner_formats(&mut self, node: Node<'a, '_>, inner: &mut Vec<Style>) {
        let path = node.path.key("items");
        let Some(value) = node.get("items") else {
            return;
        };
        let items = Node::new(value, &path);
        if !is_array(items) {
            return;
        }
        inner.push(match self.collection_format(items, false).as_str() {
            "ssv" => Style::SpaceDelimited,
            "tsv" => Style::TabDelimited,
            "pipes" => Style::PipeDelimited,
            _ => Style::Simple,
        });
        self.inner_formats(items, inner);
    }

    /// The format's name, `csv` unless the document has another one.
    fn collection_format(&mut self, node: Node<'a, '_>, repeats: bool) -> String {
        let name = self.text_of(node, "collectionFormat");
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return "csv".to_owned();
        };
        let path = node.path.key("collectionFormat");
        if !FORMATS.contains(&name.as_str()) {
            let help = match suggest::nearest(&name, FORMATS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of {}", FORMATS.join(", ")),
            };
            let message = format!("`{name}` is no collection format");
            self.error_with(&path, "wrong-type", message, Some(help));
        } else if name == "multi" && !repeats {
            let message = "`multi` repeats a name, which only query and form can: `csv` is read";
            self.warn(&path, "wrong-collection-format", message.to_owned());
            return "csv".to_owned();
        }
        name
    }
}

fn is_array(node: Node<'_, '_>) -> bool {
    let kind = node.get("type").and_then(serde_json::Value::as_str);
    kind == Some("array") || (kind.is_none() && node.get("items").is_some())
}
