// SPDX-License-Identifier: Apache-2.0
//
// Lays the same state on two servers, plays every case of cases.txt on both, and compares what they print.
// Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.
package bolide.mqadmin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public final class Main {
    private record Case(int line, String mode, List<String> words) {
        String command() {
            return words.get(0);
        }

        String name() {
            return "line-" + line + "-" + command();
        }
    }

    private static final Set<String> MODES = Set.of("same", "numbers", "once", "differs", "later", "alien");
    private static final int SECONDS_MAX = 15;
    private static final int ONCE_SECONDS = 3;
    private static final int INDEX_SECONDS = 15;
    private static final String NO_MESSAGE = "CODE: 208";
    private static final Pattern REFUSED = Pattern.compile("not supported|error|fail", Pattern.CASE_INSENSITIVE);

    private final boolean verbose;
    private int passed;
    private int failed;

    private Main(boolean verbose) {
        this.verbose = verbose;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) options.put(arguments[i], arguments[i + 1]);
        Main suite = new Main(!options.getOrDefault("--verbose", "").isEmpty());
        List<Case> cases = read(Path.of(options.get("--cases")));
        try {
            suite.run(options, cases);
        } catch (Exception e) {
            e.printStackTrace();
            suite.report("start", 0, e.toString() + (e.getCause() == null ? "" : " <- " + e.getCause()));
        }
        System.out.println(suite.passed + " passed, " + suite.failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(suite.failed == 0 && suite.passed > 0 ? 0 : 1);
    }

    private static List<Case> read(Path file) throws IOException {
        List<Case> cases = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String text = lines.get(i).replaceAll("( --.*)|(^#.*)", "").strip();
            if (text.isEmpty()) continue;
            List<String> words = Arrays.asList(text.split(" +"));
            if (!MODES.contains(words.get(0))) throw new IOException("line " + (i + 1) + ": no mode " + words.get(0));
            cases.add(new Case(i + 1, words.get(0), words.subList(1, words.size())));
        }
        return cases;
    }

    private void run(Map<String, String> options, List<Case> cases) throws Exception {
        everyCommandHasACase(cases);
        Path folder = Files.createTempDirectory(Path.of(System.getProperty("user.home")), "mqadmin");
        String only = options.getOrDefault("--only", "");
        try (Server bolide = new Server("bolide", options.get("--namesrv"), folder);
             Server apache = new Server("apache", options.get("--judge"), folder)) {
            for (Case one : cases) {
                if (one.mode().equals("alien")) continue;
                if (!only.isEmpty() && Arrays.stream(only.split(",")).noneMatch(one.name()::contains)) continue;
                long start = System.nanoTime();
                String wrong = play(one, bolide, apache);
                report(one.name(), (System.nanoTime() - start) / 1_000_000, wrong);
            }
        }
    }

    private void everyCommandHasACase(List<Case> cases) {
        Set<String> missing = new TreeSet<>(Commands.names());
        missing.removeAll(cases.stream().map(Case::command).collect(Collectors.toSet()));
        report("every_command_has_a_case", 0, missing.isEmpty() ? "" : "without one: " + missing);
    }

    /** What is wrong, or an empty text. */
    private String play(Case one, Server bolide, Server apache) {
        boolean once = one.mode().equals("once");
        int seconds = once ? ONCE_SECONDS : SECONDS_MAX;
        Commands.Output output = Commands.run(bolide.namesrv, bolide.fill(one.words()), seconds);
        if (one.mode().equals("later")) {
            String said = output.printed() + output.errors();
            boolean refused = REFUSED.matcher(said).find();
            if (!refused) System.out.println("NOTE " + one.name() + " is no longer refused: it can move up in cases.txt");
            return "";
        }
        String ours = output.printed();
        String theirs = askApache(one, apache, seconds, !ours.contains(NO_MESSAGE));
        if (one.mode().equals("differs")) {
            if (verbose) show(ours, theirs);
            return ours.contains("FAILED") ? "it fails: " + ours.strip().replace("\n", " | ") : "";
        }
        boolean numbers = once || one.mode().equals("numbers");
        List<String> here = Plain.lines(bolide, ours, numbers);
        List<String> there = Plain.lines(apache, theirs, numbers);
        if (once) {
            here = here.stream().distinct().toList();
            there = there.stream().distinct().toList();
        }
        if (here.equals(there)) return "";
        if (verbose) show(ours, theirs);
        return "only Bolide prints " + without(here, there) + ", only Apache " + without(there, here);
    }

    /** Apache indexes a message some time after it has answered: where there is one, the question is asked until it is found. */
    private static String askApache(Case one, Server apache, int seconds, boolean thereIsOne) {
        long end = System.nanoTime() + INDEX_SECONDS * 1_000_000_000L;
        String said;
        do {
            said = Commands.run(apache.namesrv, apache.fill(one.words()), seconds).printed();
        } while (thereIsOne && said.contains(NO_MESSAGE) && System.nanoTime() < end);
        return said;
    }

    private static void show(String ours, String theirs) {
        System.out.println("---- Bolide\n" + ours + "---- Apache\n" + theirs + "----");
    }

    private static List<String> without(List<String> lines, List<String> others) {
        List<String> left = new ArrayList<>(lines);
        others.forEach(left::remove);
        return left;
    }

    private void report(String name, long ms, String wrong) {
        if (wrong.isEmpty()) {
            passed++;
            System.out.println("PASS " + name + " " + ms + " ms");
        } else {
            failed++;
            System.out.println("FAIL " + name + " " + wrong);
        }
    }
}
