//! Routines, triggers and rules.

use super::{Collection, class};
use crate::catalog::{Body, Id, Kind, Routine};
use crate::postgres::introspect::rows::{RoutineRow, TriggerRow};

impl Collection {
    pub(super) fn routines(&mut self, rows: Vec<RoutineRow>) {
        for row in rows {
            // The name holds the types of the arguments and is complete already.
            let own = self.own_name(class::ROUTINE, row.oid, row.schema, "");
            if own.is_none() {
                continue;
            }
            let body = Body::Routine(Box::new(Routine {
                definition: row.definition,
                procedure: row.kind == 'p',
                signature: row.signature,
                defaults: row.defaults,
            }));
            let id = Id::new(Kind::Routine, row.name);
            let place = self.add((class::ROUTINE, row.oid, 0), id, body);
            if row.has_default_rights {
                self.give_public(place, "EXECUTE");
            }
        }
    }

    pub(super) fn triggers(&mut self, rows: Vec<TriggerRow>) {
        // A partition's copy of its parent's trigger comes and goes with that one.
        for row in rows.into_iter().filter(|row| !row.is_derived) {
            let Some(relation) = self.relation(row.relation) else {
                continue;
            };
            let id = Id::part(
                Kind::Trigger,
                self.objects[relation].id.name.as_str(),
                row.name,
            );
            let body = Body::Trigger {
                definition: row.definition,
                enabled: row.enabled,
            };
            let place = self.add((class::TRIGGER, row.oid, 0), id, body);
            self.extra.push((place, (class::RELATION, row.relation, 0)));
        }
    }

    pub(super) fn rules(&mut self, rows: Vec<TriggerRow>) {
        for row in rows {
            let Some(relation) = self.relation(row.relation) else {
                continue;
            };
            let address = (class::RULE, row.oid, 0);
            if row.is_derived {
                self.names.insert(address, relation);
                continue;
            }
            let id = Id::part(
                Kind::Rule,
                self.objects[relation].id.name.as_str(),
                row.name,
            );
            let body = Body::Rule {
                definition: row.definition,
                enabled: row.enabled,
            };
            let place = self.add(address, id, body);
            self.extra.push((place, (class::RELATION, row.relation, 0)));
        }
    }
}
