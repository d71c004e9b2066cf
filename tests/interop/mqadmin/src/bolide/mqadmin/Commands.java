// SPDX-License-Identifier: Apache-2.0
//
// All commands of mqadmin, run within this process, since a JVM of its own for each would cost a second.
package bolide.mqadmin;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.tools.command.MQAdminStartup;
import org.apache.rocketmq.tools.command.SubCommand;

final class Commands extends MQAdminStartup {
    private static final int POKE_MS = 50;
    private static final ExecutorService RUNNER = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "command");
        thread.setDaemon(true);
        return thread;
    });

    static {
        initCommand();
        Thread poker = new Thread(Commands::pokeNetty, "poker");
        poker.setDaemon(true);
        poker.start();
    }

    private Commands() {
    }

    /** A client that is shut down waits up to 3 s for a thread of its own that waits for events: wake it. */
    private static void pokeNetty() {
        Thread[] threads = new Thread[1000];
        while (true) {
            int count = Thread.enumerate(threads);
            for (int i = 0; i < count; i++) {
                if (threads[i].getName().startsWith("NettyEventExecut") && waitsForEvents(threads[i])) threads[i].interrupt();
            }
            try {
                Thread.sleep(POKE_MS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Not where it handles an event: interrupted there, it would close the client's connection. */
    private static boolean waitsForEvents(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).limit(6).anyMatch(frame ->
            frame.getClassName().endsWith(".LinkedBlockingQueue") && frame.getMethodName().equals("poll"));
    }

    static List<String> names() {
        return SUB_COMMANDS.stream().map(SubCommand::commandName).sorted().toList();
    }

    /** What a command prints; where it fails, the causes follow, one a line. And what it says on its standard error. */
    record Output(String printed, String errors) {
    }

    static Output run(String namesrv, List<String> words, int secondsMax) {
        SubCommand command = SUB_COMMANDS.stream().filter(c -> c.commandName().equalsIgnoreCase(words.get(0))).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("mqadmin has no command " + words.get(0)));
        System.setProperty(MixAll.NAMESRV_ADDR_PROPERTY, namesrv);
        PrintStream terminal = System.out;
        PrintStream terminalErrors = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        String failure = "";
        Future<?> work = RUNNER.submit(() -> {
            execute(command, words.subList(1, words.size()).toArray(String[]::new));
            return null;
        });
        try {
            work.get(secondsMax, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            failure = causes(e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            work.cancel(true); // some commands go on until they are ended
        } finally {
            System.out.flush();
            System.setOut(terminal);
            System.setErr(terminalErrors);
        }
        return new Output(printed.toString(StandardCharsets.UTF_8) + failure, errors.toString(StandardCharsets.UTF_8));
    }

    private static void execute(SubCommand command, String[] arguments) throws Exception {
        Options options = new Options();
        options.addOption(new Option("h", "help", false, ""));
        options.addOption(new Option("n", "namesrvAddr", true, ""));
        command.buildCommandlineOptions(options);
        CommandLine line;
        try {
            line = new DefaultParser().parse(options, arguments);
        } catch (ParseException e) {
            throw new IllegalArgumentException("wrong arguments in cases.txt: " + e.getMessage());
        }
        // A new one each time: some keep a client that they shut down.
        command.getClass().getDeclaredConstructor().newInstance().execute(line, options, null);
    }

    private static String causes(Throwable e) {
        StringBuilder text = new StringBuilder();
        for (Throwable c = e; c != null; c = c.getCause()) {
            String message = String.valueOf(c.getMessage()).lines().findFirst().orElse("");
            text.append("FAILED ").append(c.getClass().getSimpleName()).append(' ').append(message).append('\n');
        }
        return text.toString();
    }
}
