package tenfold.pad

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.io.File
import tenfold.Reader

/** A file of `src/tenfold` that the build has put among the resources. */
fun resource(name: String) = checkNotNull(Reader::class.java.getResourceAsStream("/$name")) { "no $name" }

/** The shipped network that reads single digits, run by LiteRT. */
class Network(context: Context) {
    private val model = File(context.cacheDir, NAME).let { file -> // LiteRT takes a path
        resource(NAME).use { from -> file.outputStream().use { from.copyTo(it) } }
        CompiledModel.create(file.path, CompiledModel.Options(Accelerator.CPU))
    }
    private val inputs = model.createInputBuffers(ONE)
    private val outputs = model.createOutputBuffers(ONE)

    /** The scores (logits) of the ten digits for an image of 784 pixels. */
    fun scores(image: ByteArray): FloatArray {
        inputs[0].writeInt8(image) // the bytes as they are: the file takes them as unsigned
        model.run(inputs, outputs, ONE)
        return outputs[0].readFloat()
    }

    private companion object {
        const val NAME = "reader-int8.tflite"
        const val ONE = "b1" // the signature that takes one image
    }
}
