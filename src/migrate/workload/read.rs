//! The parser's tree of a statement to its shape. What is not known here makes the shape incomplete,
//! never wrong.

use sqlparser::ast::{
    BinaryOperator, Expr, FromTable, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    Ident, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderByKind, OrderBySort, Query,
    Select, SelectItem, SetExpr, Statement, TableFactor, TableObject, TableWithJoins,
    UnaryOperator, Value as SqlValue,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::{Condition, Key, Kind, OrderKey, Projection, Shape, Test, Unread, Value};
use crate::catalog::statistics::{Statistics, quoted};

/// Functions of one column that are immutable for every type they take, so that an index may hold them.
const INDEXABLE_FUNCTIONS: &[&str] = &["lower", "upper", "md5", "length", "abs"];
const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "bool_and",
    "bool_or",
    "every",
];

struct Reader<'a> {
    statistics: &'a Statistics,
    /// (name in the statement, table).
    relations: Vec<(String, i64)>,
    conditions: Vec<Condition>,
    is_whole: bool,
    /// A table was named that is not looked at.
    is_elsewhere: bool,
}

pub(super) fn statement(text: &str, statistics: &Statistics) -> Result<Shape, Unread> {
    let Ok(mut statements) = Parser::parse_sql(&PostgreSqlDialect {}, text) else {
        return Err(Unread::NotUnderstood);
    };
    let (Some(mut statement), true) = (statements.pop(), statements.is_empty()) else {
        return Err(Unread::NotUnderstood);
    };
    let mut reader = Reader {
        statistics,
        relations: Vec::new(),
        conditions: Vec::new(),
        is_whole: true,
        is_elsewhere: false,
    };
    let Some(mut shape) = reader.statement(&statement) else {
        return Err(if reader.is_elsewhere {
            Unread::Elsewhere
        } else {
            Unread::NotUnderstood
        });
    };
    shape.batched = batched(&mut statement, &shape);
    Ok(shape)
}

impl Reader<'_> {
    fn statement(&mut self, statement: &Statement) -> Option<Shape> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Update(update) => {
                self.from(&update.table)?;
                if update.from.is_some() {
                    self.is_whole = false;
                }
                self.filter(update.selection.as_ref());
                Some(self.shape(Kind::Update))
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                for table in from {
                    self.from(table)?;
                }
                if delete.using.is_some() {
                    self.is_whole = false;
                }
                self.filter(delete.selection.as_ref());
                Some(self.shape(Kind::Delete))
            }
            Statement::Insert(insert) => {
                let TableObject::TableName(name) = &insert.table else {
                    return None;
                };
                let table = self.resolve(name)?;
                self.relations.push((String::new(), table));
                Some(self.shape(Kind::Insert))
            }
            _ => None,
        }
    }

    fn shape(&mut self, kind: Kind) -> Shape {
        Shape {
            kind,
            tables: self.relations.iter().map(|(_, table)| *table).collect(),
            conditions: std::mem::take(&mut self.conditions),
            order: Vec::new(),
            limit: None,
            offset: None,
            projection: Projection::default(),
            is_whole: self.is_whole,
            batched: None,
        }
    }

    fn query(&mut self, query: &Query) -> Option<Shape> {
        let SetExpr::Select(select) = &*query.body else {
            return None;
        };
        if query.with.is_some() || select.from.is_empty() {
            return None;
        }
        for from in &select.from {
            self.from(from)?;
        }
        self.filter(select.selection.as_ref());
        let projection = self.projection(select);
        let order = match query.order_by.as_ref().map(|order| &order.kind) {
            None => Some(Vec::new()),
            Some(OrderByKind::Expressions(keys)) => keys
                .iter()
                .map(|key| {
                    let (table, column) = self.key(&key.expr)?;
                    let descending = matches!(key.options.sort, Some(OrderBySort::Desc));
                    let nulls = match (descending, key.options.nulls_first) {
                        (false, Some(true)) => Some("NULLS FIRST"),
                        (true, Some(false)) => Some("NULLS LAST"),
                        _ => None,
                    };
                    Some(OrderKey {
                        table,
                        key: column,
                        descending,
                        nulls,
                    })
                })
                .collect(),
            Some(OrderByKind::All(_)) => None,
        };
        let (limit, offset) = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => (
                limit.as_ref().map(value),
                offset.as_ref().map(|offset| value(&offset.value)),
            ),
            Some(LimitClause::OffsetCommaLimit { .. }) | None => (None, None),
        };
        let fetched = query
            .fetch
            .as_ref()
            .and_then(|fetch| fetch.quantity.as_ref());
        let mut shape = self.shape(Kind::Select);
        shape.order = order.unwrap_or_default();
        shape.limit = limit.or_else(|| fetched.map(value));
        shape.offset = offset;
        shape.projection = projection;
        Some(shape)
    }

    fn from(&mut self, from: &TableWithJoins) -> Option<()> {
        self.relation(&from.relation)?;
        for join in &from.joins {
            self.relation(&join.relation)?;
        }
        for join in &from.joins {
            match &join.join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::CrossJoin(constraint) => match constraint {
                    JoinConstraint::On(condition) => self.conjunction(condition),
                    JoinConstraint::None => {}
                    JoinConstraint::Using(_) | JoinConstraint::Natural => self.is_whole = false,
                },
                _ => self.is_whole = false,
            }
        }
        Some(())
    }

    fn relation(&mut self, factor: &TableFactor) -> Option<()> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            return None;
        };
        let table = self.resolve(name)?;
        let label = match alias {
            Some(alias) => folded(&alias.name),
            None => folded(name.0.last()?.as_ident()?),
        };
        self.relations.push((label, table));
        Some(())
    }

    fn resolve(&mut self, name: &ObjectName) -> Option<i64> {
        let parts: Option<Vec<String>> = name
            .0
            .iter()
            .map(|part| part.as_ident().map(folded))
            .collect();
        let table = match &parts?[..] {
            [name] => self.statistics.resolve(None, name),
            [schema, name] => self.statistics.resolve(Some(schema), name),
            _ => None,
        };
        let found = table.map(|table| table.id);
        self.is_elsewhere |= found.is_none();
        found
    }

    fn filter(&mut self, selection: Option<&Expr>) {
        if let Some(selection) = selection {
            self.conjunction(selection);
        }
    }

    fn conjunction(&mut self, expression: &Expr) {
        match expression {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.conjunction(left);
                self.conjunction(right);
            }
            Expr::Nested(inner) => self.conjunction(inner),
            term => match self.term(term) {
                Some(conditions) => self.conditions.extend(conditions),
                None => self.is_whole = false,
            },
        }
    }

    /// One comparison; two conditions when it joins two tables.
    fn term(&self, term: &Expr) -> Option<Vec<Condition>> {
        let one = |expression: &Expr, test: Test| {
            let (table, key) = self.key(expression)?;
            Some(vec![Condition { table, key, test }])
        };
        match term {
            Expr::BinaryOp { left, op, right } => self.comparison(left, op, right),
            Expr::Between {
                expr,
                negated: false,
                ..
            } => one(expr, Test::Range),
            Expr::InList {
                expr,
                list,
                negated: false,
            } => one(expr, Test::OneOf(list.iter().map(value).collect())),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => one(left, Test::OneOf(vec![value(right)])),
            Expr::IsNull(expr) => one(expr, Test::IsNull),
            Expr::IsNotNull(expr) | Expr::Like { expr, .. } | Expr::ILike { expr, .. } => {
                one(expr, Test::Other)
            }
            Expr::IsTrue(expr) => one(expr, Test::Equal(Value::Literal("true".to_owned()))),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => one(expr, Test::Equal(Value::Literal("false".to_owned()))),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                one(term, Test::Equal(Value::Literal("true".to_owned())))
            }
            _ => None,
        }
    }

    fn comparison(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Vec<Condition>> {
        let test = |other: &Expr| match op {
            BinaryOperator::Eq => Test::Equal(value(other)),
            BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq => Test::Range,
            _ => Test::Other,
        };
        match (self.key(left), self.key(right)) {
            (Some((first, left)), Some((second, right))) => {
                if *op != BinaryOperator::Eq || first == second {
                    return None;
                }
                let join = |table: i64, key: &Key| Test::Join {
                    table,
                    column: key.column.clone(),
                };
                let (to_second, to_first) = (join(second, &right), join(first, &left));
                Some(vec![
                    Condition {
                        table: first,
                        key: left,
                        test: to_second,
                    },
                    Condition {
                        table: second,
                        key: right,
                        test: to_first,
                    },
                ])
            }
            (Some((table, key)), None) => Some(vec![Condition {
                table,
                key,
                test: test(right),
            }]),
            (None, Some((table, key))) => Some(vec![Condition {
                table,
                key,
                test: test(left),
            }]),
            (None, None) => None,
        }
    }

    /// A column, or a function of one column, and the table it belongs to.
    fn key(&self, expression: &Expr) -> Option<(i64, Key)> {
        match expression {
            Expr::Nested(inner) => self.key(inner),
            Expr::Identifier(name) => {
                let column = folded(name);
                let mut owners = self
                    .relations
                    .iter()
                    .filter(|(_, table)| self.statistics.column(*table, &column).is_some());
                let (_, table) = owners.next()?;
                if owners.next().is_some() {
                    return None;
                }
                Some((*table, plain(column)))
            }
            Expr::CompoundIdentifier(parts) => {
                let [.., relation, column] = &parts[..] else {
                    return None;
                };
                let (relation, column) = (folded(relation), folded(column));
                let (_, table) = self.relations.iter().find(|(name, _)| *name == relation)?;
                self.statistics.column(*table, &column)?;
                Some((*table, plain(column)))
            }
            Expr::Function(function) => {
                let name = folded(function.name.0.last()?.as_ident()?);
                if !INDEXABLE_FUNCTIONS.contains(&name.as_str()) {
                    return None;
                }
                let FunctionArguments::List(arguments) = &function.args else {
                    return None;
                };
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &arguments.args[..]
                else {
                    return None;
                };
                let (table, key) = self.key(argument)?;
                if key.is_expression {
                    return None;
                }
                let text = format!("{name}({})", key.text);
                Some((
                    table,
                    Key {
                        text,
                        column: key.column,
                        is_expression: true,
                    },
                ))
            }
            _ => None,
        }
    }

    fn projection(&self, select: &Select) -> Projection {
        let is_grouped =
            !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        let mut projection = Projection {
            is_aggregate: select.distinct.is_some() || select.having.is_some() || is_grouped,
            ..Projection::default()
        };
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    projection.all = true;
                }
                SelectItem::UnnamedExpr(expression)
                | SelectItem::ExprWithAlias {
                    expr: expression, ..
                } => {
                    if let Some((table, key)) = self.key(expression) {
                        projection.columns.push((table, key.column));
                    }
                    projection.is_aggregate |= is_aggregate(expression);
                }
                SelectItem::ExprWithAliases { .. } => {}
            }
        }
        projection
    }
}

fn plain(column: String) -> Key {
    Key {
        text: quoted(&column),
        column,
        is_expression: false,
    }
}

fn is_aggregate(expression: &Expr) -> bool {
    match expression {
        Expr::Function(function) => function
            .name
            .0
            .last()
            .and_then(|part| part.as_ident())
            .is_some_and(|name| {
                function.over.is_none() && AGGREGATES.contains(&folded(name).as_str())
            }),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_aggregate(inner),
        Expr::BinaryOp { left, right, .. } => is_aggregate(left) || is_aggregate(right),
        _ => false,
    }
}

/// A name as Postgres folds it: lower case unless it is quoted.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() {
        name.value.clone()
    } else {
        name.value.to_lowercase()
    }
}

fn value(expression: &Expr) -> Value {
    match expression {
        Expr::Value(value) => match &value.value {
            SqlValue::Placeholder(text) => text
                .trim_start_matches('$')
                .parse()
                .map_or(Value::Unknown, Value::Parameter),
            SqlValue::Null => Value::Unknown,
            literal => Value::Literal(literal.to_string()),
        },
        Expr::Nested(inner) => value(inner),
        Expr::Cast { expr, .. } => match value(expr) {
            Value::Literal(_) => Value::Literal(expression.to_string()),
            other => other,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match value(expr) {
            Value::Literal(text) => Value::Literal(format!("-{text}")),
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    }
}

/// The statement for many values at once, when it has one equality with a bound value and no limit.
fn batched(statement: &mut Statement, shape: &Shape) -> Option<String> {
    let [condition] = &shape.conditions[..] else {
        return None;
    };
    if !shape.is_whole || shape.limit.is_some() || !matches!(condition.test, Test::Equal(_)) {
        return None;
    }
    let Statement::Query(query) = statement else {
        return None;
    };
    let SetExpr::Select(select) = &mut *query.body else {
        return None;
    };
    let Some(Expr::BinaryOp { left, op, right }) = select.selection.take() else {
        return None;
    };
    select.selection = Some(Expr::AnyOp {
        left,
        compare_op: op,
        right,
        is_some: false,
    });
    Some(statement.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::statistics::{Column, Server, Table};

    fn shop() -> Statistics {
        let table = |id, name: &str| Table {
            id,
            schema: "public".to_owned(),
            name: name.to_owned(),
            ..Table::default()
        };
        let column = |table, name: &str| Column {
            table,
            name: name.to_owned(),
            ..Column::default()
        };
        Statistics {
            server: Server {
                search_path: vec!["public".to_owned()],
                ..Server::default()
            },
            tables: vec![table(1, "orders"), table(2, "items")],
            columns: vec![
                column(1, "id"),
                column(1, "status"),
                column(1, "created_at"),
                column(2, "order_id"),
                column(2, "sku"),
            ],
            ..Statistics::default()
        }
    }

    #[test]
    fn reads_equality_order_and_limit() {
        let shape = statement(
            "select * from orders o where o.status = $1 order by created_at desc limit $2",
            &shop(),
        )
        .expect("a shape");
        assert!(shape.is_whole);
        assert_eq!(shape.conditions.len(), 1);
        assert_eq!(shape.conditions[0].test, Test::Equal(Value::Parameter(1)));
        assert_eq!(shape.order[0].key.text, "created_at");
        assert!(shape.order[0].descending);
        assert_eq!(shape.limit, Some(Value::Parameter(2)));
    }

    #[test]
    fn reads_expressions_joins_and_what_it_does_not_know() {
        let expression =
            statement("select 1 from items where lower(sku) = 'a'", &shop()).expect("a shape");
        assert_eq!(expression.conditions[0].key.text, "lower(sku)");
        let join = statement(
            "select * from orders o join items i on i.order_id = o.id where i.sku = $1",
            &shop(),
        )
        .expect("a shape");
        assert_eq!(join.conditions.len(), 3);
        let other = statement(
            "select * from items where sku = $1 or order_id = $2",
            &shop(),
        );
        assert!(!other.expect("a shape").is_whole);
        assert_eq!(
            statement("select * from nowhere", &shop()),
            Err(Unread::Elsewhere)
        );
    }

    #[test]
    fn batches_the_only_equality() {
        let shape =
            statement("select sku from items where order_id = $1", &shop()).expect("a shape");
        assert_eq!(
            shape.batched.as_deref(),
            Some("SELECT sku FROM items WHERE order_id = ANY($1)")
        );
        let limited = statement("select sku from items where order_id = $1 limit 1", &shop());
        assert_eq!(limited.expect("a shape").batched, None);
    }
}
