// SPDX-License-Identifier: Apache-2.0
//
// Marks a method as one case of the suite: a public static method that takes a Ctx and throws when
// the server did not behave. The method's name is the case's name, a sentence.
package bolide.interop;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

@Retention(RetentionPolicy.RUNTIME)
public @interface Case {
    /** First major version of the client that has the API. */
    int since() default 4;

    /** The version of the client that fails it by a defect of its own, whatever the broker. */
    String except() default "";

    /** Runs after all others and with nothing beside it: it measures, or it loads the server. */
    boolean alone() default false;

    int timeoutSeconds() default 90;
}
