//! Walks over the schemas of a model.

use super::{Constraints, MediaType, Operation, Schema, SchemaName};

/// Calls `visit` with every name that a schema refers to, at any depth of its own text.
pub fn visit_references(schema: &Schema, visit: &mut dyn FnMut(&SchemaName)) {
    match schema {
        Schema::Anything | Schema::Nothing => {}
        Schema::Reference(name) => visit(name),
        Schema::Constraints(constraints) => {
            if let Some(name) = &constraints.reference {
                visit(name);
            }
            if let Some(discriminator) = &constraints.discriminator {
                discriminator.mapping.values().for_each(&mut *visit);
            }
            children(constraints, &mut |child| visit_references(child, visit));
        }
    }
}

/// Calls `visit` with every schema that stands directly in an operation.
pub fn visit_schemas(operation: &Operation, visit: &mut dyn FnMut(&Schema)) {
    let mut content = |media: &MediaType| media.schema.iter().for_each(&mut *visit);
    if let Some(body) = &operation.body {
        body.content.values().for_each(&mut content);
    }
    for response in operation.responses.values() {
        response.content.values().for_each(&mut content);
    }
    for response in operation.responses.values() {
        for header in response.headers.values() {
            visit(&header.schema);
        }
    }
    for parameter in &operation.parameters {
        visit(parameter.schema());
    }
    for callback in &operation.callbacks {
        visit_schemas(&callback.operation, visit);
    }
}

/// Changes every schema that stands directly in an operation.
pub fn change_schemas(operation: &mut Operation, change: &mut dyn FnMut(&mut Schema)) {
    let contents = operation
        .body
        .iter_mut()
        .flat_map(|body| body.content.values_mut())
        .chain(
            operation
                .responses
                .values_mut()
                .flat_map(|response| response.content.values_mut()),
        );
    for media in contents {
        media.schema.iter_mut().for_each(&mut *change);
    }
    for parameter in &mut operation.parameters {
        match &mut parameter.format {
            super::ParameterFormat::Styled { schema, .. }
            | super::ParameterFormat::Content { schema, .. } => change(schema),
        }
    }
}

/// The schemas directly below a set of constraints.
fn children(constraints: &Constraints, visit: &mut dyn FnMut(&Schema)) {
    let lists = [
        &constraints.prefix_items,
        &constraints.all_of,
        &constraints.any_of,
        &constraints.one_of,
    ];
    lists.into_iter().flatten().for_each(&mut *visit);
    let maps = [
        &constraints.properties,
        &constraints.pattern_properties,
        &constraints.dependent_schemas,
    ];
    maps.into_iter()
        .flat_map(|map| map.values())
        .for_each(&mut *visit);
    let single = [
        &constraints.items,
        &constraints.contains,
        &constraints.unevaluated_items,
        &constraints.additional_properties,
        &constraints.property_names,
        &constraints.unevaluated_properties,
        &constraints.not,
        &constraints.if_schema,
        &constraints.then_schema,
        &constraints.else_schema,
    ];
    single.into_iter().flatten().for_each(visit);
}

/// Changes a schema and everything below it, outermost last.
pub fn change_schema(schema: &mut Schema, change: &mut dyn FnMut(&mut Schema)) {
    if let Schema::Constraints(constraints) = schema {
        let constraints = &mut **constraints;
        let lists = [
            &mut constraints.prefix_items,
            &mut constraints.all_of,
            &mut constraints.any_of,
            &mut constraints.one_of,
        ];
        for child in lists.into_iter().flatten() {
            change_schema(child, change);
        }
        let maps = [
            &mut constraints.properties,
            &mut constraints.pattern_properties,
            &mut constraints.dependent_schemas,
        ];
        for child in maps.into_iter().flat_map(|map| map.values_mut()) {
            change_schema(child, change);
        }
        let single = [
            &mut constraints.items,
            &mut constraints.contains,
            &mut constraints.unevaluated_items,
            &mut constraints.additional_properties,
            &mut constraints.property_names,
            &mut constraints.unevaluated_properties,
            &mut constraints.not,
            &mut constraints.if_schema,
            &mut constraints.then_schema,
            &mut constraints.else_schema,
        ];
        for child in single.into_iter().flatten() {
            change_schema(child, change);
        }
    }
    change(schema);
}
