plugins { alias(libs.plugins.kotlin.jvm) }

kotlin { compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_17 } }

java { sourceCompatibility = JavaVersion.VERSION_17 }

dependencies { implementation(libs.serialization.json) }

// what Python and the page read, too
tasks.processResources {
    from("../../../src/tenfold/base/constants.json")
    from("../../../src/tenfold/models/shipped") { include("thresholds.json", "reader-int8.tflite") }
}
