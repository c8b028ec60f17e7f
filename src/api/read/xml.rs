//! The `xml` object of a schema.

use super::Reader;
use super::members;
use super::node::Node;
use crate::api::{Dialect, Xml};

impl<'a> Reader<'a> {
    pub(super) fn xml(&mut self, node: Node<'a, '_>) -> Option<Xml> {
        if node.value.is_null() {
            return None;
        }
        self.object(node)?;
        self.unknown_members(node, members::XML, "an `xml` object");
        let mut xml = Xml {
            name: self.text_of(node, "name"),
            namespace: self.text_of(node, "namespace"),
            prefix: self.text_of(node, "prefix"),
            attribute: self.flag(node, "attribute"),
            wrapped: self.flag(node, "wrapped"),
            text: false,
        };
        self.node_type(node, &mut xml);
        Some(xml)
    }

    /// OpenAPI 3.2 says with one word what `attribute` and `wrapped` said before.
    fn node_type(&mut self, node: Node<'a, '_>, xml: &mut Xml) {
        const NAMES: &str = "one of element, attribute, text, cdata, none";
        let Some(name) = self.text_of(node, "nodeType") else {
            return;
        };
        let path = node.path.key("nodeType");
        if self.dialect < Dialect::OpenApi32 {
            let message = "`nodeType` has no effect before OpenAPI 3.2".to_owned();
            self.unsupported(&path, message, None);
            return;
        }
        match name.as_str() {
            // A list without a node of its own is what every list is by default.
            "none" => {}
            "element" => xml.wrapped = true,
            "attribute" => xml.attribute = true,
            "text" | "cdata" => xml.text = true,
            _ => {
                let message = format!("`{name}` is no type of node");
                self.error_with(&path, "wrong-type", message, Some(NAMES.to_owned()));
            }
        }
    }
}
