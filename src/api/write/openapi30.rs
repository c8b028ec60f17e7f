//! The model as an OpenAPI 3.0 document, in the types of `openapiv3`. What that version cannot hold
//! is left out and listed, or written in other words that mean the same.

mod schema;

use indexmap::IndexMap;
use openapiv3::{
    APIKeyLocation, ClientCredentialsOAuth2Flow, Components, CookieStyle, Header as Header30,
    HeaderStyle, Info, MediaType as MediaType30, OAuth2Flows, OpenAPI, Operation as Operation30,
    Parameter as Parameter30, ParameterData, ParameterSchemaOrContent, PathItem, PathStyle,
    QueryStyle, ReferenceOr, RequestBody, Response as Response30, Responses,
    SecurityScheme as SecurityScheme30, Server, StatusCode, Tag,
};
use serde_json::Value;

use crate::api::{
    Api, Header, MediaType, Method, Operation, Parameter, ParameterFormat, ParameterPlace,
    Response, SecurityScheme, StatusKey, Style,
};
use crate::diagnostic::Diagnostic;
use crate::text::escape;

/// The document, and a warning for everything that is not in it.
pub(super) fn write(api: &Api) -> (Value, Vec<Diagnostic>) {
    let mut writer = Writer {
        left_out: Vec::new(),
        unknown_schemes: Vec::new(),
    };
    let document = writer.document(api);
    // Strings, numbers and maps with text as keys always serialise.
    let document = serde_json::to_value(document).unwrap_or_default();
    (document, writer.left_out)
}

struct Writer {
    left_out: Vec<Diagnostic>,
    /// Security schemes of later versions.
    unknown_schemes: Vec<String>,
}

impl Writer {
    /// Notes what is left out; `pointer` is its place in the document, had it been written.
    fn leave_out(&mut self, pointer: &str, what: &str) {
        let message = format!("{what} at `#{pointer}` is left out: OpenAPI 3.0 cannot say it");
        let warning = Diagnostic::warning("not-in-openapi-3.0", message);
        self.left_out.push(warning.pointer(pointer));
    }

    fn document(&mut self, api: &Api) -> OpenAPI {
        let mut components = Components::default();
        for (name, scheme) in &api.security_schemes {
            if let Some(scheme) = security_scheme(scheme) {
                let scheme = ReferenceOr::Item(scheme);
                components.security_schemes.insert(name.clone(), scheme);
            } else {
                let pointer = format!("/components/securitySchemes/{}", escape(name));
                self.leave_out(&pointer, "a scheme of mutual TLS, with what asks for it,");
                self.unknown_schemes.push(name.clone());
            }
        }
        for (name, schema) in &api.schemas {
            let pointer = format!("/components/schemas/{}", escape(&name.0));
            let schema = self.schema(&pointer, schema);
            components.schemas.insert(name.0.clone(), schema);
        }
        let mut document = OpenAPI {
            openapi: "3.0.3".to_owned(),
            info: Info {
                title: api.title.clone(),
                version: api.version.clone(),
                description: api.description.clone(),
                ..Info::default()
            },
            ..OpenAPI::default()
        };
        document.servers = api
            .servers
            .iter()
            .map(|url| Server {
                url: url.clone(),
                ..Server::default()
            })
            .collect();
        document.tags = api
            .tags
            .iter()
            .map(|(name, description)| Tag {
                name: name.clone(),
                description: description.clone(),
                ..Tag::default()
            })
            .collect();
        let mut items: IndexMap<String, PathItem> = IndexMap::new();
        for operation in &api.operations {
            let pointer = format!("/paths/{}", escape(&operation.path));
            let item = items.entry(operation.path.clone()).or_default();
            self.insert(&pointer, item, operation);
        }
        document.paths.paths = items
            .into_iter()
            .map(|(path, item)| (path, ReferenceOr::Item(item)))
            .collect();
        for webhook in &api.webhooks {
            let pointer = format!(
                "/webhooks/{}/{}",
                escape(&webhook.path),
                webhook.method.key()
            );
            self.leave_out(&pointer, "a webhook");
        }
        if components != Components::default() {
            document.components = Some(components);
        }
        document
    }

    fn insert(&mut self, pointer: &str, item: &mut PathItem, operation: &Operation) {
        let pointer = format!("{pointer}/{}", operation.method.key());
        let place = match operation.method {
            Method::Get => &mut item.get,
            Method::Put => &mut item.put,
            Method::Post => &mut item.post,
            Method::Delete => &mut item.delete,
            Method::Options => &mut item.options,
            Method::Head => &mut item.head,
            Method::Patch => &mut item.patch,
            Method::Trace => &mut item.trace,
            Method::Query => return self.leave_out(&pointer, "an operation of the method QUERY"),
        };
        *place = Some(self.operation(&pointer, operation));
    }

    fn operation(&mut self, pointer: &str, operation: &Operation) -> Operation30 {
        let mut parameters = Vec::new();
        for parameter in &operation.parameters {
            let pointer = format!("{pointer}/parameters/{}", parameters.len());
            let parameter = self.parameter(&pointer, parameter);
            parameters.extend(parameter.map(ReferenceOr::Item));
        }
        let request_body = operation.body.as_ref().map(|body| {
            let pointer = format!("{pointer}/requestBody/content");
            ReferenceOr::Item(RequestBody {
                description: body.description.clone(),
                content: self.content(&pointer, &body.content),
                required: body.required,
                ..RequestBody::default()
            })
        });
        let mut responses = Responses::default();
        for (status, response) in &operation.responses {
            let pointer = format!("{pointer}/responses/{}", super::status_key(*status));
            let response = ReferenceOr::Item(self.response(&pointer, response));
            match status {
                StatusKey::Default => responses.default = Some(response),
                StatusKey::Code(code) => {
                    let code = StatusCode::Code(*code);
                    responses.responses.insert(code, response);
                }
                StatusKey::Range(first) => {
                    let range = StatusCode::Range(u16::from(*first));
                    responses.responses.insert(range, response);
                }
            }
        }
        let mut callbacks: IndexMap<String, openapiv3::Callback> = IndexMap::new();
        for callback in &operation.callbacks {
            let (name, expression) = (&callback.name, &callback.expression);
            let pointer = format!(
                "{pointer}/callbacks/{}/{}",
                escape(name),
                escape(expression)
            );
            let items = callbacks.entry(name.clone()).or_default();
            let item = items.entry(expression.clone()).or_default();
            self.insert(&pointer, item, &callback.operation);
        }
        Operation30 {
            tags: operation.tags.clone(),
            summary: operation.summary.clone(),
            description: operation.description.clone(),
            operation_id: operation.id.clone(),
            parameters,
            request_body,
            responses,
            callbacks,
            deprecated: operation.deprecated,
            security: self.security(&operation.security),
            extensions: operation.extensions.clone(),
            ..Operation30::default()
        }
    }

    /// The alternatives without those that ask for a scheme which is not in the document: without
    /// their other schemes they would ask for less.
    fn security(
        &self,
        alternatives: &[IndexMap<String, Vec<String>>],
    ) -> Option<Vec<IndexMap<String, Vec<String>>>> {
        let known = |alternative: &&IndexMap<String, Vec<String>>| {
            let mut names = alternative.keys();
            !names.any(|name| self.unknown_schemes.contains(name))
        };
        let kept: Vec<_> = alternatives.iter().filter(known).cloned().collect();
        (!kept.is_empty()).then_some(kept)
    }

    fn parameter(&mut self, pointer: &str, parameter: &Parameter) -> Option<Parameter30> {
        let (style, explode, format) = match &parameter.format {
            ParameterFormat::Styled {
                style,
                explode,
                schema,
                ..
            } => {
                let schema = self.schema(&format!("{pointer}/schema"), schema);
                let explode = (*explode != (*style == Style::Form)).then_some(*explode);
                (
                    Some(*style),
                    explode,
                    ParameterSchemaOrContent::Schema(schema),
                )
            }
            ParameterFormat::Content { media_type, schema } => {
                let media = MediaType {
                    schema: Some(schema.clone()),
                    ..MediaType::default()
                };
                let content = IndexMap::from([(media_type.clone(), media)]);
                let content = self.content(&format!("{pointer}/content"), &content);
                (None, None, ParameterSchemaOrContent::Content(content))
            }
        };
        let parameter_data = ParameterData {
            name: parameter.name.clone(),
            description: parameter.description.clone(),
            required: parameter.required,
            deprecated: parameter.deprecated.then_some(true),
            format,
            example: None,
            examples: IndexMap::new(),
            explode,
            extensions: IndexMap::new(),
        };
        if parameter.allow_reserved && parameter.place != ParameterPlace::Query {
            self.leave_out(&format!("{pointer}/allowReserved"), "`allowReserved`");
        }
        Some(match parameter.place {
            ParameterPlace::Path => Parameter30::Path {
                parameter_data,
                style: match style {
                    Some(Style::Matrix) => PathStyle::Matrix,
                    Some(Style::Label) => PathStyle::Label,
                    _ => PathStyle::Simple,
                },
            },
            ParameterPlace::Query => Parameter30::Query {
                parameter_data,
                allow_reserved: parameter.allow_reserved,
                style: match style {
                    Some(Style::SpaceDelimited) => QueryStyle::SpaceDelimited,
                    Some(Style::PipeDelimited) => QueryStyle::PipeDelimited,
                    Some(Style::DeepObject) => QueryStyle::DeepObject,
                    _ => QueryStyle::Form,
                },
                allow_empty_value: parameter.allow_empty_value.then_some(true),
            },
            ParameterPlace::Header => Parameter30::Header {
                parameter_data,
                style: HeaderStyle::Simple,
            },
            ParameterPlace::Cookie => Parameter30::Cookie {
                parameter_data,
                style: CookieStyle::Form,
            },
            ParameterPlace::QueryString => {
                let what = format!("the parameter `{}` in `querystring`", parameter.name);
                self.leave_out(pointer, &what);
                return None;
            }
        })
    }

    fn content(
        &mut self,
        pointer: &str,
        content: &IndexMap<String, MediaType>,
    ) -> IndexMap<String, MediaType30> {
        let mut written = IndexMap::new();
        for (name, media) in content {
            let pointer = format!("{pointer}/{}/schema", escape(name));
            let schema = media.schema.as_ref();
            let mut entry = MediaType30 {
                schema: schema.map(|schema| self.schema(&pointer, schema)),
                example: media.example.clone(),
                ..MediaType30::default()
            };
            if !media.encoding.is_empty() {
                // The type of an encoding writes an absent content type as null.
                let parts = media
                    .encoding
                    .iter()
                    .map(|(name, part)| (name.clone(), super::encoding(part)));
                let parts = Value::Object(parts.collect());
                entry.extensions.insert("encoding".to_owned(), parts);
            }
            written.insert(name.clone(), entry);
        }
        written
    }

    fn response(&mut self, pointer: &str, response: &Response) -> Response30 {
        let mut headers = IndexMap::new();
        for (name, header) in &response.headers {
            let pointer = format!("{pointer}/headers/{}/schema", escape(name));
            let header = self.header(&pointer, header);
            headers.insert(name.clone(), ReferenceOr::Item(header));
        }
        Response30 {
            description: response.description.clone(),
            headers,
            content: self.content(&format!("{pointer}/content"), &response.content),
            ..Response30::default()
        }
    }

    fn header(&mut self, pointer: &str, header: &Header) -> Header30 {
        Header30 {
            description: header.description.clone(),
            style: HeaderStyle::Simple,
            required: header.required,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(self.schema(pointer, &header.schema)),
            example: None,
            examples: IndexMap::new(),
            extensions: IndexMap::new(),
        }
    }
}

/// `None`: the scheme is one of later versions.
fn security_scheme(scheme: &SecurityScheme) -> Option<SecurityScheme30> {
    let http = |scheme: &str, bearer_format: Option<String>| SecurityScheme30::HTTP {
        scheme: scheme.to_owned(),
        bearer_format,
        description: None,
        extensions: IndexMap::new(),
    };
    Some(match scheme {
        SecurityScheme::Basic => http("basic", None),
        SecurityScheme::Bearer { format } => http("bearer", format.clone()),
        SecurityScheme::Http { scheme } => http(scheme, None),
        SecurityScheme::ApiKey { place, name } => SecurityScheme30::APIKey {
            location: match place {
                ParameterPlace::Query | ParameterPlace::QueryString => APIKeyLocation::Query,
                ParameterPlace::Cookie => APIKeyLocation::Cookie,
                ParameterPlace::Header | ParameterPlace::Path => APIKeyLocation::Header,
            },
            name: name.clone(),
            description: None,
            extensions: IndexMap::new(),
        },
        // The model keeps the scopes, not the flows and their URLs.
        SecurityScheme::OAuth2 { scopes } => SecurityScheme30::OAuth2 {
            flows: OAuth2Flows {
                client_credentials: Some(ClientCredentialsOAuth2Flow {
                    refresh_url: None,
                    token_url: "/".to_owned(),
                    scopes: scopes
                        .iter()
                        .map(|scope| (scope.clone(), String::new()))
                        .collect(),
                    extensions: IndexMap::new(),
                }),
                ..OAuth2Flows::default()
            },
            description: None,
            extensions: IndexMap::new(),
        },
        SecurityScheme::OpenIdConnect { url } => SecurityScheme30::OpenIDConnect {
            open_id_connect_url: url.clone(),
            description: None,
            extensions: IndexMap::new(),
        },
        SecurityScheme::MutualTls => return None,
    })
}
