//! The conformance suite, for the embedded engine and for the model.

use std::sync::Arc;

use tegami_store::{Embedded, Options};

use crate::conformance;
use crate::model::{Calm, Model};

/// One test for each function of the conformance suite and each engine.
macro_rules! conform {
    ($($name:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = Embedded::open(folder.path(), Options::default()).unwrap();
                conformance::$name(Arc::new(store)).await;
            }
        )+

        mod model {
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    conformance::$name(Arc::new(Model::open(Arc::default(), Arc::new(Calm)))).await;
                }
            )+
        }
    };
}

conform! {
    an_accepted_message_comes_back_whole
    what_is_not_there_is_not_found
    accepting_again_changes_nothing
    contents_of_all_sizes
    due_rows_come_by_due_time
    recipients_go_through_their_states
    a_settlement_is_one_commit
    what_others_finished_is_not_settled
    what_was_sent_elsewhere_meanwhile_is_deferred_to_now
    a_lease_belongs_to_one_node
    lists_are_paged
    rows_know_their_message
    due_rows_are_paged
    lists_have_filters
    people_alter_the_queue
    messages_are_found_by_recipient_and_message_id
    events_are_filtered_and_paged
    events_of_a_time_are_found_among_many
    mailboxes_count_uids
    purge_forgets_what_is_over
    one_message_is_forgotten
    plain_tables
    plain_tables_learn_from_messages
    many_producers
}
