// SPDX-License-Identifier: Apache-2.0
//
// Plays the cases against one cluster, one after the other. Prints "PASS name ms" or "FAIL name cause" for each, and
// "N passed, M failed" last.
package bolide.statictopics;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) options.put(arguments[i], arguments[i + 1]);
        List<String> only = words(options.get("--only"));
        List<String> without = words(options.get("--except"));
        int passed = 0;
        int failed = 0;
        Method[] methods = Cases.class.getDeclaredMethods();
        Arrays.sort(methods, Comparator.comparing(Method::getName));
        for (Method method : methods) {
            String name = method.getName();
            boolean wanted = only.isEmpty() || only.stream().anyMatch(name::contains);
            if (!java.lang.reflect.Modifier.isPublic(method.getModifiers()) || !wanted || without.contains(name)) continue;
            if (run(method, options.get("--namesrv"))) passed++;
            else failed++;
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(failed == 0 && passed > 0 ? 0 : 1); // the clients leave threads behind
    }

    private static boolean run(Method method, String namesrv) {
        long start = System.nanoTime();
        Throwable wrong = null;
        try (Cluster cluster = new Cluster(namesrv, method.getName())) {
            method.invoke(null, cluster);
        } catch (InvocationTargetException e) {
            wrong = e.getCause();
        } catch (Throwable e) {
            wrong = e;
        }
        if (wrong == null) {
            System.out.println("PASS " + method.getName() + " " + (System.nanoTime() - start) / 1_000_000 + " ms");
            return true;
        }
        wrong.printStackTrace();
        System.out.println("FAIL " + method.getName() + " " + String.valueOf(wrong).replaceAll("\\s*[\\r\\n]+\\s*", " | "));
        return false;
    }

    private static List<String> words(String text) {
        return text == null || text.isEmpty() ? List.of() : List.of(text.split(","));
    }
}
