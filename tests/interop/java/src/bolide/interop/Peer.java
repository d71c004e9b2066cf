// SPDX-License-Identifier: Apache-2.0
//
// A consumer in a process of its own, so that it can die without a goodbye. Prints "OWNS n" whenever
// the number of its queues changes and "GOT body" for each message; ends when its input does.
package bolide.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;

public final class Peer implements AutoCloseable {
    private final Process process;
    private final List<String> got = new ArrayList<>();
    private volatile int owned;
    private volatile String lastLine = "nothing";

    public Peer(Ctx t, String group, String topic) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        for (String p : List.of("user.home", "rocketmq.client.logRoot", "rocketmq.serialize.type")) {
            if (System.getProperty(p) != null) command.add("-D" + p + "=" + System.getProperty(p));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Peer.class.getName()));
        command.addAll(List.of(t.env.options.namesrv(), group, topic));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        t.own(this);
        Thread reader = new Thread(this::read, "peer-reader");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lastLine = line;
                if (line.startsWith("OWNS ")) owned = Integer.parseInt(line.substring(5));
                if (line.startsWith("GOT ")) synchronized (got) { got.add(line.substring(4)); }
            }
        } catch (java.io.IOException e) {
            lastLine = e.toString(); // the process was killed
        }
    }

    public int queues() {
        return owned;
    }

    public List<String> bodies() {
        synchronized (got) {
            return new ArrayList<>(got);
        }
    }

    public String lastLine() {
        return lastLine;
    }

    public void kill() throws Exception {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String[] args) throws Exception {
        DefaultMQPushConsumer c = new DefaultMQPushConsumer(args[1]);
        c.setNamesrvAddr(args[0]);
        Env.hurry(c);
        c.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        c.subscribe(args[2], "*");
        c.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            for (var m : ms) System.out.println("GOT " + new String(m.getBody()));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        c.start();
        Thread watch = new Thread(() -> {
            for (long last = -1; ; ) {
                long now = c.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet()
                    .stream().filter(q -> q.getTopic().equals(args[2])).count();
                if (now != last) System.out.println("OWNS " + (last = now));
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        watch.setDaemon(true);
        watch.start();
        while (System.in.read() >= 0) { /* until the parent is gone */ }
        Runtime.getRuntime().halt(0);
    }
}
