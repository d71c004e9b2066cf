// SPDX-License-Identifier: Apache-2.0
//
// Our program, which answers by line.
package bolide.filter;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

final class Ours implements AutoCloseable {
    private final Process process;
    private final BufferedWriter in;
    private final BufferedReader out;

    Ours(String program) throws IOException {
        process = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        in = process.outputWriter(StandardCharsets.UTF_8);
        out = process.inputReader(StandardCharsets.UTF_8);
    }

    /** The verdicts on these pairs. */
    List<String> ask(List<Main.Pair> pairs) throws Exception {
        Thread writer = new Thread(() -> write(pairs));
        writer.start();
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            read();  // of the expression
            answers.add(read());
        }
        writer.join();
        return answers;
    }

    private void write(List<Main.Pair> pairs) {
        try {
            for (Main.Pair pair : pairs) in.write("E " + hex(pair.expression()) + "\nP " + hex(pair.properties()) + "\n");
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String read() throws IOException {
        String line = out.readLine();
        if (line == null) throw new IOException("our program has ended");
        return line;
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws Exception {
        in.close();
        process.waitFor();
    }
}
