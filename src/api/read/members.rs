//! The members that each kind of object has, for telling slips and unread members apart.

use crate::api::Dialect;

/// Members of the document.
pub(super) const fn root(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Swagger20 => SWAGGER_ROOT,
        _ => ROOT,
    }
}

pub(super) const fn path_item(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Swagger20 => SWAGGER_PATH_ITEM,
        _ => PATH_ITEM,
    }
}

pub(super) const fn operation(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Swagger20 => SWAGGER_OPERATION,
        _ => OPERATION,
    }
}

const SWAGGER_ROOT: &[&str] = &[
    "swagger",
    "info",
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "paths",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "security",
    "tags",
    "externalDocs",
];
const SWAGGER_PATH_ITEM: &[&str] = &[
    "$ref",
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "parameters",
    "summary",
    "description",
];
const SWAGGER_OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "consumes",
    "produces",
    "parameters",
    "responses",
    "schemes",
    "deprecated",
    "security",
];
pub(super) const SWAGGER_BODY: &[&str] = &["name", "in", "description", "required", "schema"];
pub(super) const SWAGGER_RESPONSE: &[&str] =
    &["$ref", "description", "schema", "headers", "examples"];
const ROOT: &[&str] = &[
    "openapi",
    "info",
    "servers",
    "paths",
    "webhooks",
    "components",
    "security",
    "tags",
    "externalDocs",
    "jsonSchemaDialect",
    "$self",
];
pub(super) const COMPONENTS: &[&str] = &[
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "securitySchemes",
    "links",
    "callbacks",
    "pathItems",
    "mediaTypes",
];
const PATH_ITEM: &[&str] = &[
    "$ref",
    "summary",
    "description",
    "servers",
    "parameters",
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "query",
    "additionalOperations",
];
const OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];
pub(super) const PARAMETER: &[&str] = &[
    "$ref",
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "allowReserved",
    "schema",
    "example",
    "examples",
    "content",
];
pub(super) const HEADER: &[&str] = &[
    "$ref",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "allowReserved",
    "schema",
    "example",
    "examples",
    "content",
];
pub(super) const BODY: &[&str] = &["$ref", "description", "content", "required"];
pub(super) const RESPONSE: &[&str] = &[
    "$ref",
    "summary",
    "description",
    "headers",
    "content",
    "links",
];
pub(super) const MEDIA_TYPE: &[&str] = &[
    "$ref",
    "schema",
    "itemSchema",
    "example",
    "examples",
    "encoding",
    "prefixEncoding",
    "itemEncoding",
];
pub(super) const LINK: &[&str] = &[
    "$ref",
    "operationRef",
    "operationId",
    "parameters",
    "requestBody",
    "description",
    "server",
];
pub(super) const TAG: &[&str] = &[
    "$ref",
    "name",
    "summary",
    "description",
    "externalDocs",
    "parent",
    "kind",
];
pub(super) const SECURITY_SCHEME: &[&str] = &[
    "$ref",
    "type",
    "description",
    "name",
    "in",
    "scheme",
    "bearerFormat",
    "flows",
    "openIdConnectUrl",
    "oauth2MetadataUrl",
    "deprecated",
    // Of Swagger 2.
    "flow",
    "authorizationUrl",
    "tokenUrl",
    "scopes",
];
pub(super) const XML: &[&str] = &[
    "name",
    "namespace",
    "prefix",
    "attribute",
    "wrapped",
    "nodeType",
];
pub(super) const ENCODING: &[&str] = &[
    "encoding",
    "prefixEncoding",
    "itemEncoding",
    "contentType",
    "headers",
    "style",
    "explode",
    "allowReserved",
];
