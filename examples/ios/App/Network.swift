import Foundation
import LiteRT

/// A file of `src/tenfold` that the build has put into the app.
func resource(_ name: String, _ type: String) -> URL {
    guard let url = Bundle.main.url(forResource: name, withExtension: type) else { fatalError("no \(name).\(type)") }
    return url
}

/// The shipped network that reads single digits, run by LiteRT.
final class Network {
    private let model: CompiledModel
    private let inputs, outputs: [TensorBuffer] // of the first signature, which takes one image

    init() throws {
        let options = try Options()
        try options.setHardwareAccelerators([.cpu])
        let path = resource("reader-int8", "tflite").path
        model = try CompiledModel(filePath: path, environment: Environment(), options: options)
        inputs = try model.createInputBuffers()
        outputs = try model.createOutputBuffers()
    }

    /// The scores (logits) of the ten digits for an image of 784 pixels.
    func scores(_ image: [UInt8]) throws -> [Float] {
        try inputs[0].write(image)
        try model.run(inputs: inputs, outputs: outputs)
        return try outputs[0].read()
    }
}
