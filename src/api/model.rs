//! The model: operations in document order, schemas in the terms of JSON Schema 2020-12.
//!
//! All dialects are normalised into it: `nullable` becomes a type, a boolean `exclusiveMinimum` a
//! number, `definitions` and every target of a reference a named schema. What the model cannot hold
//! is reported by the reader, never dropped in silence.

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::{OriginId, Origins};
use crate::text::Span;

/// The version of the specification that a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    Swagger20,
    OpenApi30,
    OpenApi31,
    OpenApi32,
}

impl Dialect {
    /// Where a document of this version keeps its named schemas, as a JSON pointer.
    pub const fn schema_folder(self) -> &'static str {
        match self {
            Self::Swagger20 => "/definitions",
            _ => "/components/schemas",
        }
    }
}

/// A whole API.
#[derive(Clone, Debug)]
pub struct Api {
    pub dialect: Dialect,
    pub title: String,
    pub version: String,
    pub description: Option<String>,
    /// Server URLs as they stand in the document.
    pub servers: Vec<String>,
    /// Tag names with their descriptions, in document order.
    pub tags: IndexMap<String, Option<String>>,
    /// In document order.
    pub operations: Vec<Operation>,
    /// Operations that the service calls: `webhooks` by name.
    pub webhooks: Vec<Operation>,
    /// Every schema that is referred to by name, in document order. A reference to a place outside
    /// of the components gets a name of its own here.
    pub schemas: IndexMap<SchemaName, Schema>,
    pub security_schemes: IndexMap<String, SecurityScheme>,
    /// The documents themselves, for what the model leaves out, and where its parts stand in them.
    pub origins: Origins,
}

/// The name of a schema as the document spells it (`#/components/schemas/<name>`), unique in an `Api`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaName(pub String);

/// One method of one path.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// The template as it stands in the document: `/users/{userId}`. The name for a webhook.
    pub path: String,
    pub id: Option<String>,
    pub summary: Option<String>,
    pub description: Option<String>,
    pub tags: Vec<String>,
    pub deprecated: bool,
    /// Of the path item and of the operation, the latter having overridden the former.
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// By status key as in the document (`200`, `4XX`, `default`).
    pub responses: IndexMap<StatusKey, Response>,
    /// Alternatives; each is a set of schemes that must all hold. Empty: no security. An empty
    /// alternative: anonymous access is allowed beside the others.
    pub security: Vec<IndexMap<String, Vec<String>>>,
    pub callbacks: Vec<Callback>,
    /// `x-` members of the operation.
    pub extensions: IndexMap<String, Value>,
    pub span: Option<Span>,
    pub origin: OriginId,
}

#[derive(Clone, Debug)]
pub struct Callback {
    pub name: String,
    /// The runtime expression, `{$request.body#/url}`.
    pub expression: String,
    pub operation: Operation,
}

/// HTTP methods of OpenAPI 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
    Trace,
    Query,
}

impl Method {
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Put,
        Self::Post,
        Self::Delete,
        Self::Options,
        Self::Head,
        Self::Patch,
        Self::Trace,
        Self::Query,
    ];

    /// The key in a path item, `get`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Post => "post",
            Self::Delete => "delete",
            Self::Options => "options",
            Self::Head => "head",
            Self::Patch => "patch",
            Self::Trace => "trace",
            Self::Query => "query",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.key() == key)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKey {
    Code(u16),
    /// `2XX` is `Range(2)`.
    Range(u8),
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterPlace {
    Path,
    Query,
    /// OpenAPI 3.2: the whole query string as one value.
    QueryString,
    Header,
    Cookie,
}

/// How a value is written into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    /// Of Swagger 2 alone, its `tsv`.
    TabDelimited,
    DeepObject,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub place: ParameterPlace,
    pub required: bool,
    pub deprecated: bool,
    pub description: Option<String>,
    pub allow_reserved: bool,
    pub allow_empty_value: bool,
    pub format: ParameterFormat,
    /// A value that the document shows, unserialised.
    pub example: Option<Value>,
    pub span: Option<Span>,
    pub origin: OriginId,
}

#[derive(Clone, Debug)]
pub enum ParameterFormat {
    Styled {
        style: Style,
        explode: bool,
        /// How arrays inside of an array are written, from the outside in. Swagger 2 alone says so.
        inner: Vec<Style>,
        schema: Schema,
    },
    /// `content`: one media type, JSON for example.
    Content { media_type: String, schema: Schema },
}

impl Parameter {
    pub const fn schema(&self) -> &Schema {
        match &self.format {
            ParameterFormat::Styled { schema, .. } | ParameterFormat::Content { schema, .. } => {
                schema
            }
        }
    }
}

#[derive(Clone, Debug)]
pub struct Body {
    pub required: bool,
    pub description: Option<String>,
    /// By media type or range, in document order. Never empty.
    pub content: IndexMap<String, MediaType>,
    pub span: Option<Span>,
    pub origin: OriginId,
}

#[derive(Clone, Debug, Default)]
pub struct MediaType {
    /// `None`: anything.
    pub schema: Option<Schema>,
    /// Of the fields of a form, by property name.
    pub encoding: IndexMap<String, Encoding>,
    pub example: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub struct Encoding {
    pub content_type: Option<String>,
    pub style: Option<Style>,
    pub explode: Option<bool>,
    /// As in `ParameterFormat::Styled`.
    pub inner: Vec<Style>,
}

#[derive(Clone, Debug, Default)]
pub struct Response {
    pub description: String,
    pub headers: IndexMap<String, Header>,
    pub content: IndexMap<String, MediaType>,
    /// What may be asked next with values of this answer, by name.
    pub links: IndexMap<String, Link>,
}

/// How an answer leads to another operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The operation's id, unless it is named by its place.
    pub operation_id: Option<String>,
    /// `#/paths/~1users~1{id}/get`
    pub operation_ref: Option<String>,
    /// Constants, and expressions such as `$response.body#/id`.
    pub parameters: IndexMap<String, Value>,
}

#[derive(Clone, Debug)]
pub struct Header {
    pub required: bool,
    pub description: Option<String>,
    pub schema: Schema,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SecurityScheme {
    Basic,
    Bearer {
        format: Option<String>,
    },
    /// Any other scheme of the Authorization header.
    Http {
        scheme: String,
    },
    ApiKey {
        place: ParameterPlace,
        name: String,
    },
    OAuth2 {
        scopes: IndexSet<String>,
    },
    OpenIdConnect {
        url: String,
    },
    MutualTls,
}

/// What a JSON value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// `true` or `{}`.
    Anything,
    /// `false`.
    Nothing,
    /// A schema of `Api::schemas`, without siblings.
    Reference(SchemaName),
    Constraints(Box<Constraints>),
}

/// JSON's types, integer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// The name in a schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// The keywords of one schema object. All must hold together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// Where it stands.
    pub origin: OriginId,
    /// `$ref` beside other keywords.
    pub reference: Option<SchemaName>,
    /// Empty: any type. In the document's order.
    pub types: IndexSet<JsonType>,
    pub enumeration: Option<Vec<Value>>,
    pub constant: Option<Value>,
    pub format: Option<String>,

    // Strings.
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<String>,
    pub content_encoding: Option<String>,
    pub content_media_type: Option<String>,

    // Numbers. JSON numbers, so that integers keep every digit that the document had.
    pub minimum: Option<serde_json::Number>,
    pub maximum: Option<serde_json::Number>,
    pub exclusive_minimum: Option<serde_json::Number>,
    pub exclusive_maximum: Option<serde_json::Number>,
    pub multiple_of: Option<serde_json::Number>,

    // Arrays.
    pub prefix_items: Vec<Schema>,
    pub items: Option<Schema>,
    pub contains: Option<Schema>,
    pub min_contains: Option<u64>,
    pub max_contains: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub unevaluated_items: Option<Schema>,

    // Objects.
    pub properties: IndexMap<String, Schema>,
    pub required: IndexSet<String>,
    pub pattern_properties: IndexMap<String, Schema>,
    pub additional_properties: Option<Schema>,
    pub property_names: Option<Schema>,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    pub dependent_required: IndexMap<String, Vec<String>>,
    pub dependent_schemas: IndexMap<String, Schema>,
    pub unevaluated_properties: Option<Schema>,

    // Combinations.
    pub all_of: Vec<Schema>,
    pub any_of: Vec<Schema>,
    pub one_of: Vec<Schema>,
    pub not: Option<Schema>,
    pub if_schema: Option<Schema>,
    pub then_schema: Option<Schema>,
    pub else_schema: Option<Schema>,
    pub discriminator: Option<Discriminator>,

    // Annotations.
    pub read_only: bool,
    pub write_only: bool,
    pub deprecated: bool,
    pub title: Option<String>,
    pub description: Option<String>,
    pub default: Option<Value>,
    pub examples: Vec<Value>,
    pub xml: Option<Box<Xml>>,
    /// `x-` members.
    pub extensions: IndexMap<String, Value>,
}

/// How a value is written in XML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Xml {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub prefix: Option<String>,
    /// It is an attribute of its parent.
    pub attribute: bool,
    /// A list has an element around its items.
    pub wrapped: bool,
    /// It is the text of its parent.
    pub text: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discriminator {
    pub property: String,
    /// Every value with its schema: explicit mappings, then the names of the alternatives.
    pub mapping: IndexMap<String, SchemaName>,
}

impl Schema {
    /// Boxes constraints; the empty set becomes `Anything`.
    pub fn from_constraints(constraints: Constraints) -> Self {
        if constraints == Constraints::default() {
            Self::Anything
        } else {
            Self::Constraints(Box::new(constraints))
        }
    }
}
