// SPDX-License-Identifier: Apache-2.0
//
// Runs every case against one server with one version of Apache's client, several at a time.
// Prints "PASS name ms [note]" or "FAIL name cause" for each, and "N passed, M failed" last.
package bolide.interop;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

public final class Main {
    private static final List<Class<?>> SUITE = List.of(
        TakeOverCases.class, LaterCases.class, PushCases.class, PullCases.class, LitePullCases.class, ResetCases.class,
        StartOffsetCases.class, FilterCases.class, SqlCases.class, OrderCases.class, SendCases.class,
        RoundTripCases.class, LimitCases.class, QueryCases.class, AdminTopicCases.class,
        AdminGroupCases.class, LmqCases.class, RetryCases.class, ControlCases.class, BulkCases.class);
    /**
     * Need client classes that 4.x does not have, and are left out of its build; and request codes for which the
     * binary header has no room: the client cuts them off, and no server can know them.
     */
    private static final List<String> SINCE_5 = List.of("PopCases", "PopCallCases", "PriorityCases",
        "AttributeCases", "InnerBatchCases", "LaterMoreCases");
    /** Likewise of 5.5. */
    private static final String SINCE_5_5 = "LiteTopicCases";

    private final AtomicInteger passed = new AtomicInteger();
    private final List<Method> failed = new ArrayList<>();
    private final Options options;

    private Main(Options options) {
        this.options = options;
    }

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        int code = new Main(options).run();
        System.out.flush();
        Runtime.getRuntime().halt(code); // the clients leave threads behind that would delay an exit
    }

    private int run() throws Exception {
        List<Method> cases = new ArrayList<>();
        List<Class<?>> suite = new ArrayList<>(SUITE);
        boolean json = !"ROCKETMQ".equals(System.getProperty("rocketmq.serialize.type"));
        if (options.clientMajor() >= 5 && json) {
            for (String name : SINCE_5) suite.add(0, Class.forName("bolide.interop." + name));
            if (options.client().startsWith("5.5.")) suite.add(0, Class.forName("bolide.interop." + SINCE_5_5));
        }
        for (Class<?> group : suite) {
            Method[] methods = group.getDeclaredMethods();
            Arrays.sort(methods, Comparator.comparing(Method::getName));
            for (Method m : methods) if (m.isAnnotationPresent(Case.class) && wanted(m)) cases.add(m);
        }
        Env env;
        try {
            env = new Env(options);
        } catch (Throwable e) {
            System.out.println("FAIL start " + cause(e));
            System.out.println("0 passed, 1 failed");
            return 1;
        }
        ExecutorService pool = Executors.newFixedThreadPool(options.jobs());
        for (Method m : cases) if (!about(m).alone()) pool.submit(() -> runOne(env, m));
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.HOURS);
        for (Method m : cases) if (about(m).alone()) runOne(env, m);
        for (int i = 0; i < options.again() && !failed.isEmpty(); i++) repeatFailed(env);
        env.close();
        System.out.println(passed + " passed, " + failed.size() + " failed");
        return failed.isEmpty() && passed.get() > 0 ? 0 : 1;
    }

    /** For a judge that fails by chance when much is asked of it at once: what failed gets the server to itself. */
    private void repeatFailed(Env env) {
        List<Method> cases = new ArrayList<>(failed);
        failed.clear();
        for (Method m : cases) {
            System.out.println("AGAIN " + m.getName());
            runOne(env, m);
        }
    }

    private boolean wanted(Method m) {
        if (options.clientMajor() < about(m).since() || about(m).except().equals(options.client())) return false;
        if (options.only().isEmpty()) return true;
        String group = m.getDeclaringClass().getSimpleName();
        return options.only().stream().anyMatch(o -> m.getName().contains(o) || group.equals(o));
    }

    private static Case about(Method m) {
        return m.getAnnotation(Case.class);
    }

    private void runOne(Env env, Method m) {
        Ctx ctx = new Ctx(env, m.getName());
        Throwable[] thrown = new Throwable[1];
        long start = System.nanoTime();
        Thread worker = new Thread(() -> {
            try {
                m.invoke(null, ctx);
            } catch (InvocationTargetException e) {
                thrown[0] = e.getCause();
            } catch (Throwable e) {
                thrown[0] = e;
            }
        }, "case-" + m.getName());
        worker.setDaemon(true);
        worker.start();
        try {
            worker.join(about(m).timeoutSeconds() * 1000L);
        } catch (InterruptedException e) {
            thrown[0] = e;
        }
        if (worker.isAlive()) {
            thrown[0] = new AssertionError("still not done after " + about(m).timeoutSeconds() + " s, in "
                + where(worker.getStackTrace()));
        }
        long ms = (System.nanoTime() - start) / 1_000_000;
        ctx.close();
        report(m, ms, ctx.note(), thrown[0]);
    }

    private synchronized void report(Method m, long ms, String note, Throwable thrown) {
        String name = m.getName();
        if (thrown == null) {
            passed.incrementAndGet();
            System.out.println("PASS " + name + " " + ms + " ms" + (note.isEmpty() ? "" : " (" + note + ")"));
            return;
        }
        failed.add(m);
        System.out.println("FAIL " + name + " " + cause(thrown));
        thrown.printStackTrace();
    }

    private static String cause(Throwable e) {
        String text = (e instanceof AssertionError ? "" : e.getClass().getSimpleName() + ": ") + e.getMessage();
        for (Throwable c = e.getCause(); c != null; c = c.getCause()) text += " <- " + c;
        return text.replaceAll("\\s*[\\r\\n]+\\s*", " | ") + " [" + where(e.getStackTrace()) + "]";
    }

    /** The innermost line of a case, else the innermost line at all. */
    private static String where(StackTraceElement[] stack) {
        for (StackTraceElement s : stack) {
            if (s.getClassName().endsWith("Cases")) return s.getFileName() + ":" + s.getLineNumber();
        }
        return stack.length == 0 ? "?" : stack[0].toString();
    }
}
