// SPDX-License-Identifier: Apache-2.0
//
// What must hold of static topics, whoever's brokers they lie on.
package bolide.statictopics;

import static bolide.statictopics.Cluster.A;
import static bolide.statictopics.Cluster.B;
import static bolide.statictopics.Cluster.check;
import static bolide.statictopics.Cluster.equal;

import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageQueue;

final class Cases {
    private static final String LOGICAL = "__syslo__global__";
    private static final int BLOCK = 10_000; // to which mqadmin rounds the place of a queue that moves

    private Cases() {
    }

    public static void queues_lie_on_both_brokers_and_count_from_zero(Cluster cluster) throws Exception {
        cluster.make(4, A, B);
        equal("brokers", 2L, cluster.leaders().values().stream().distinct().count());
        equal("name of the queue", new MessageQueue(cluster.topic, LOGICAL, 3), cluster.queue(3));
        for (int queue = 0; queue < 4; queue++) {
            for (int i = 0; i < 3; i++) {
                SendResult sent = cluster.send(queue, queue + ":" + i);
                equal("queue", queue, sent.getMessageQueue().getQueueId());
                equal("offset", (long) i, sent.getQueueOffset());
            }
        }
        Cluster.Reader reader = cluster.read("all");
        reader.awaitRounds(4, 0, 3);
        equal("offsets", List.of(0L, 1L, 2L), reader.offsetsOf(3));
        equal("smallest offset", 0L, cluster.admin.minOffset(cluster.queue(2)));
        equal("largest offset", 3L, cluster.admin.maxOffset(cluster.queue(2)));
    }

    public static void a_queue_on_another_broker_is_refused(Cluster cluster) throws Exception {
        cluster.make(1, A);
        try {
            cluster.askForEnd(B, 0);
            throw new AssertionError("it was answered");
        } catch (MQBrokerException e) {
            equal("code", 501, e.getResponseCode());
        }
    }

    public static void more_queues_change_nothing_for_those_that_are_there(Cluster cluster) throws Exception {
        cluster.make(2, A, B);
        Map<Integer, String> before = cluster.leaders();
        cluster.sendRound(2, 0, 5);
        cluster.make(6, A, B);
        before.forEach((queue, broker) -> {
            try {
                equal("broker of queue " + queue, broker, cluster.leaders().get(queue));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        for (int queue = 2; queue < 6; queue++) {
            for (int i = 0; i < 5; i++) cluster.sendUntilTaken(queue, queue + ":" + i);
        }
        cluster.sendRound(6, 5, 5);
        cluster.read("all").awaitRounds(6, 0, 10);
    }

    public static void queues_move_and_a_new_group_reads_them_from_their_beginning(Cluster cluster) throws Exception {
        cluster.make(3, A);
        cluster.sendRound(3, 0, 10);
        cluster.move(B);
        cluster.sendRound(3, 10, 10);
        SendResult sent = cluster.send(0, "0:20");
        check(sent.getQueueOffset() == BLOCK + 10, "offset behind the move: " + sent.getQueueOffset());
        cluster.send(1, "1:20");
        cluster.send(2, "2:20");
        equal("largest offset", BLOCK + 11L, cluster.admin.maxOffset(cluster.queue(0)));
        equal("smallest offset", 0L, cluster.admin.minOffset(cluster.queue(0)));
        Cluster.Reader reader = cluster.read("all");
        reader.awaitRounds(3, 0, 21);
        equal("offset of the first behind the move", (long) BLOCK, reader.offsetsOf(1).get(10));
    }

    public static void queues_move_under_a_consumer_that_goes_on(Cluster cluster) throws Exception {
        cluster.make(4, A, B);
        Cluster.Reader reader = cluster.read("all");
        cluster.sendRound(4, 0, 10);
        cluster.move(B);
        cluster.sendRound(4, 10, 10);
        cluster.move(A);
        cluster.sendRound(4, 20, 10);
        reader.awaitRounds(4, 0, 30);
    }

    public static void a_group_goes_on_where_it_stopped_before_the_move(Cluster cluster) throws Exception {
        cluster.make(2, A);
        cluster.sendRound(2, 0, 10);
        Cluster.Reader first = cluster.read("all");
        first.awaitRounds(2, 0, 10);
        first.close();
        cluster.sendRound(2, 10, 5);
        cluster.move(B);
        cluster.sendRound(2, 15, 5);
        Cluster.Reader second = cluster.read("all");
        second.awaitRounds(2, 10, 20);
        second.close();
        cluster.sendRound(2, 20, 5);
        cluster.read("all").awaitRounds(2, 20, 25);
    }

    public static void queues_return_to_the_broker_that_had_them(Cluster cluster) throws Exception {
        cluster.make(2, A);
        cluster.sendRound(2, 0, 5);
        cluster.move(B);
        cluster.sendRound(2, 5, 5);
        cluster.move(A);
        cluster.sendRound(2, 10, 5);
        cluster.read("all").awaitRounds(2, 0, 15);
    }

    public static void a_time_is_found_on_the_broker_that_had_the_queue_then(Cluster cluster) throws Exception {
        cluster.make(1, A);
        cluster.sendRound(1, 0, 3);
        Thread.sleep(20);
        long between = System.currentTimeMillis();
        Thread.sleep(20);
        cluster.sendRound(1, 3, 3);
        cluster.move(B);
        cluster.sendRound(1, 6, 3);
        cluster.await("the offset 3", () -> cluster.admin.searchOffset(cluster.queue(0), between) == 3);
    }
}
