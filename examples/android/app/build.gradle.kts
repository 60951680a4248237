plugins { alias(libs.plugins.android.application) }

android {
    namespace = "tenfold.pad"
    compileSdk = 36
    defaultConfig {
        applicationId = "tenfold.pad"
        minSdk = 24
        targetSdk = 36
        versionCode = 1
        versionName = "1"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

dependencies {
    implementation(project(":digit"))
    implementation(libs.litert)
}
